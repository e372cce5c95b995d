// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>

#include "klantreis/core.hpp"

namespace klantreis {

namespace detail {

/// FNV-1a, 64 bits, with a finaliser so that the low bits index a table well.
inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  hash ^= hash >> 32U;
  hash *= 0xD6E8FEB86659FD93ULL;
  return hash ^ (hash >> 32U);
}

}  // namespace detail

KLANTREIS_INLINE name_table::name_table(std::span<const std::string> names) {
  for (const auto& name : names) {
    intern(name);
  }
}

KLANTREIS_INLINE std::size_t name_table::slot_of(std::string_view name, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  std::size_t slot = static_cast<std::size_t>(hash) & mask;
  while (slots_[slot] != 0 && !(tags_[slot] == tag && (*this)[slots_[slot] - 1] == name)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

KLANTREIS_INLINE void name_table::rehash(std::size_t slots) {
  slots_.assign(slots, 0);
  tags_.assign(slots, 0);
  const std::size_t mask = slots - 1;
  for (code index = 0; index < size(); ++index) {
    const auto hash = detail::hash_bytes((*this)[index]);
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    while (slots_[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    slots_[slot] = index + 1;
    tags_[slot] = static_cast<std::uint32_t>(hash >> 32U);
  }
}

KLANTREIS_INLINE name_table::code name_table::intern(std::string_view name) {
  if (2 * (size() + 1) > slots_.size()) {
    rehash(std::max<std::size_t>(16, slots_.size() * 2));
  }
  const auto hash = detail::hash_bytes(name);
  const std::size_t slot = slot_of(name, hash);
  if (slots_[slot] != 0) {
    return slots_[slot] - 1;
  }
  if (size() >= max_size) {
    throw limit_error("more than " + std::to_string(max_size) + " distinct names; group them first");
  }
  text_.append(name);
  ends_.push_back(text_.size());
  slots_[slot] = static_cast<code>(size());
  tags_[slot] = static_cast<std::uint32_t>(hash >> 32U);
  return static_cast<code>(size() - 1);
}

KLANTREIS_INLINE std::optional<name_table::code> name_table::find(std::string_view name) const noexcept {
  if (slots_.empty()) {
    return std::nullopt;
  }
  const std::size_t slot = slot_of(name, detail::hash_bytes(name));
  if (slots_[slot] == 0) {
    return std::nullopt;
  }
  return slots_[slot] - 1;
}

KLANTREIS_INLINE std::vector<std::string> name_table::to_vector() const {
  std::vector<std::string> names;
  names.reserve(size());
  for (code index = 0; index < size(); ++index) {
    names.emplace_back((*this)[index]);
  }
  return names;
}

KLANTREIS_INLINE std::string join_path(const name_table& names, std::span<const name_table::code> codes) {
  std::string text;
  for (const auto code : codes) {
    if (!text.empty()) {
      text += " > ";
    }
    const std::string_view name = names[code];
    constexpr std::string_view blanks = " \t\r\n";
    if (!name.empty() && name.find_first_of(">\"") == std::string_view::npos &&
        blanks.find(name.front()) == std::string_view::npos && blanks.find(name.back()) == std::string_view::npos) {
      text += name;
      continue;
    }
    text += '"';
    for (const char c : name) {
      text += c;
      if (c == '"') {
        text += c;
      }
    }
    text += '"';
  }
  return text;
}

KLANTREIS_INLINE std::vector<std::string> similar_names(std::string_view wanted, std::span<const std::string> known,
                                                        std::size_t limit) {
  const auto lower = [](std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
  };
  const auto distance = [](const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
      row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = (std::min)({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
        diagonal = above;
      }
    }
    return row.back();
  };
  // Comparing very long names costs their lengths multiplied; nobody mistypes those.
  constexpr std::size_t longest = 200;
  const std::string target = lower(wanted.substr(0, longest));
  std::vector<std::pair<std::size_t, std::size_t>> ranked;
  for (std::size_t i = 0; i < known.size() && i < 10'000; ++i) {
    const std::string candidate = lower(std::string_view{known[i]}.substr(0, longest));
    const bool contains = !target.empty() && !candidate.empty() &&
                          (candidate.find(target) != std::string::npos || target.find(candidate) != std::string::npos);
    const std::size_t d = contains ? 1 : distance(target, candidate);
    if (d <= std::max<std::size_t>(2, target.size() / 3)) {
      ranked.emplace_back(d, i);
    }
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> result;
  for (std::size_t i = 0; i < ranked.size() && i < limit; ++i) {
    result.push_back(known[ranked[i].second]);
  }
  return result;
}

KLANTREIS_INLINE std::string detail::quoted_function::operator()(std::string_view name) const {
  constexpr std::size_t longest = 80;
  std::string text = "'";
  const auto put = [&text](std::string_view part) {
    for (const char c : part) {
      if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) {
        std::array<char, 8> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "\\x%02x",
                      static_cast<unsigned int>(static_cast<unsigned char>(c)));
        text += buffer.data();
      } else {
        text += c;
      }
    }
  };
  // Cutting inside a UTF-8 sequence would make the message itself unreadable.
  const auto boundary = [name](std::size_t at) {
    while (at > 0 && at < name.size() && (static_cast<unsigned char>(name[at]) & 0xC0U) == 0x80U) {
      --at;
    }
    return at;
  };
  if (name.size() <= longest) {
    put(name);
  } else {
    put(name.substr(0, boundary(longest / 2)));
    text += "…";
    put(name.substr(boundary(name.size() - longest / 4)));
  }
  return text + "'";
}

}  // namespace klantreis
