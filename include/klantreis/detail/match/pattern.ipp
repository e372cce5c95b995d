// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "klantreis/detail/match/reader.hpp"
#include "klantreis/detail/match/tree.hpp"
#include "klantreis/match/pattern.hpp"

namespace klantreis {
namespace detail {

KLANTREIS_INLINE std::string pattern_fault(const std::string& text, std::size_t at, const std::string& what) {
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  std::size_t character = 1;
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    character += is_first_byte(text[i]) ? 1U : 0U;
  }
  // Of a long text only what stands around the place.
  constexpr std::size_t around = 50;
  std::size_t begin = at > around ? at - around : 0;
  std::size_t end = (std::min)(text.size(), at + around);
  while (begin > 0 && begin < text.size() && !is_first_byte(text[begin])) {
    --begin;
  }
  while (end < text.size() && !is_first_byte(text[end])) {
    ++end;
  }
  std::string shown = begin == 0 ? "  " : "  …";
  std::string caret(begin == 0 ? 2 : 3, ' ');
  for (std::size_t i = begin; i < end; ++i) {
    shown += static_cast<unsigned char>(text[i]) < 0x20U ? ' ' : text[i];
    if (i < at && is_first_byte(text[i])) {
      caret += ' ';
    }
  }
  shown += end == text.size() ? "" : "…";
  return "path pattern, character " + std::to_string(character) + ": " + what + "\n" + shown + "\n" + caret + "^";
}

}  // namespace detail

KLANTREIS_INLINE path_pattern::path_pattern(std::string_view text)
    : tree_(std::make_shared<const detail::pattern_tree>(detail::pattern_reader{text}.whole())) {}

KLANTREIS_INLINE const std::string& path_pattern::text() const noexcept { return tree_->text; }

KLANTREIS_INLINE bool path_pattern::needs_times() const noexcept { return tree_->needs_times; }

KLANTREIS_INLINE std::vector<std::string> path_pattern::parts() const {
  std::vector<std::string> result;
  for (const auto& item : tree_->chain().items) {
    if (!item.is_gap() && !item.is_anchor()) {
      result.push_back(tree_->text.substr(item.begin, item.end_at - item.begin));
    }
  }
  return result;
}

KLANTREIS_INLINE path_pattern path_pattern::prefix(std::size_t count) const {
  const auto& chain = tree_->chain();
  std::size_t seen = 0;
  for (const auto& item : chain.items) {
    seen += !item.is_gap() && !item.is_anchor() ? 1U : 0U;
    if (seen == count && count != 0) {
      const std::size_t begin = chain.items[0].begin;
      std::string text = tree_->text.substr(begin, item.end_at - begin);
      if (tree_->root.limit.most) {
        text = "(" + text + ") within " + std::to_string(tree_->root.limit.most->count()) + "us";
      }
      return path_pattern{text};
    }
  }
  throw input_error("the path pattern has " + std::to_string(seen) + " parts, so there is no part " +
                    std::to_string(count));
}

}  // namespace klantreis
