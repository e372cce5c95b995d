// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>
#include <utility>

#include "klantreis/core.hpp"
#include "klantreis/detail/large_pages.hpp"
#include "klantreis/detail/name_hash.hpp"
#include "klantreis/detail/prefetch.hpp"

namespace klantreis {

KLANTREIS_INLINE name_table::name_table(std::span<const std::string> names) {
  for (const auto& name : names) {
    intern(name);
  }
}

KLANTREIS_INLINE std::size_t name_table::slot_of(std::string_view name, std::uint32_t tag) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = tag & mask;
  while (slots_[at].next_code != 0 && !(slots_[at].tag == tag && (*this)[slots_[at].next_code - 1] == name)) {
    at = (at + 1) & mask;
  }
  return at;
}

KLANTREIS_INLINE void name_table::rehash(std::size_t slots) {
  const std::vector<slot> before = std::exchange(slots_, {});
  detail::extend(slots_, slots);
  const std::size_t mask = slots - 1;
  for (const slot& moved : before) {
    if (moved.next_code != 0) {
      std::size_t at = moved.tag & mask;
      while (slots_[at].next_code != 0) {
        at = (at + 1) & mask;
      }
      slots_[at] = moved;
    }
  }
}

KLANTREIS_INLINE name_table::code name_table::intern(std::string_view name) {
  if (2 * (size() + 1) > slots_.size()) {
    rehash(std::max<std::size_t>(16, slots_.size() * 2));
  }
  const std::uint32_t tag = detail::name_tag(name);
  const std::size_t at = slot_of(name, tag);
  if (slots_[at].next_code != 0) {
    return slots_[at].next_code - 1;
  }
  if (size() >= max_size) {
    throw limit_error("more than " + std::to_string(max_size) + " distinct names; group them first");
  }
  detail::make_room(text_, name.size());
  detail::make_room(ends_, 1);
  text_.append(name);
  ends_.push_back(text_.size());
  slots_[at] = {static_cast<code>(size()), tag};
  return static_cast<code>(size() - 1);
}

KLANTREIS_INLINE std::optional<name_table::code> name_table::find(std::string_view name) const noexcept {
  if (slots_.empty()) {
    return std::nullopt;
  }
  const std::size_t at = slot_of(name, detail::name_tag(name));
  if (slots_[at].next_code == 0) {
    return std::nullopt;
  }
  return slots_[at].next_code - 1;
}

KLANTREIS_INLINE void name_table::find(std::span<const std::string_view> names, code* found) const noexcept {
  if (slots_.empty()) {
    std::fill_n(found, names.size(), absent);
    return;
  }
  // Each loop waits for what the one before it asked the memory for.
  constexpr std::size_t block = 32;
  const std::size_t mask = slots_.size() - 1;
  std::array<std::uint32_t, block> tags{};
  std::array<std::size_t, block> places{};
  for (std::size_t begin = 0; begin < names.size(); begin += block) {
    const std::size_t count = (std::min)(block, names.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      tags[i] = detail::name_tag(names[begin + i]);
      detail::prefetch(&slots_[tags[i] & mask]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = tags[i] & mask;
      while (slots_[at].next_code != 0 && slots_[at].tag != tags[i]) {
        at = (at + 1) & mask;
      }
      places[i] = at;
      if (slots_[at].next_code != 0) {
        detail::prefetch(&ends_[slots_[at].next_code - 1]);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (slots_[places[i]].next_code != 0) {
        detail::prefetch((*this)[slots_[places[i]].next_code - 1].data());
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const slot& likely = slots_[places[i]];
      if (likely.next_code == 0 || detail::same_text((*this)[likely.next_code - 1], names[begin + i])) {
        found[begin + i] = likely.next_code - 1;
      } else {
        found[begin + i] = slots_[slot_of(names[begin + i], tags[i])].next_code - 1;
      }
    }
  }
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
