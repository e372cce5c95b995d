// SPDX-License-Identifier: MIT
// Any bytes as a path pattern, and bytes as words of the language: refused with a message, or read and sought in a
// small log with work that stays in proportion; what is found is a match by itself, and no two overlap.
#include <array>
#include <string>

#include "fuzz/bytes.hpp"
#include "klantreis/match.hpp"

namespace {

constexpr std::array words{"a",          "b",
                           "c",          " -> ",
                           " ->> ",      "->>{<=2}",
                           "->{<3s}",    "->>{no b, <4s}",
                           "(",          ")",
                           "|",          "*",
                           "+",          "?",
                           "{2}",        "{,3}",
                           "{1,}",       "^",
                           "$",          ".",
                           "[^a]",       "[a|b]",
                           "!",          "~\"a|b\"",
                           " within 3s", "[touchpoint = c]",
                           "'a'",        "->>{>=1, >1s}",
                           "$null",      "(a -> b)",
                           "{900}",      "path_start"};

/// A text by the rules of the grammar; most of what it writes is a pattern.
class writer {
 public:
  explicit writer(fuzz::source& bytes) : bytes_(&bytes) {}

  std::string chain(int depth) {
    std::string text = part(depth);
    for (std::size_t more = bytes_->below(4); more-- > 0 && !bytes_->empty();) {
      text += arrow() + part(depth);
    }
    return text + (bytes_->below(8) == 0 ? " within " + number() + "s" : "");
  }

 private:
  std::string number() { return std::to_string(bytes_->below(6)); }

  std::string arrow() {
    std::string text = bytes_->below(2) == 0 ? " -> " : " ->> ";
    if (bytes_->below(3) == 0) {
      constexpr std::array limits{"<=2", ">=1", "<=3s", ">1s", "no b", "<4, <5s", ">=2s, no (a|b)"};
      text += "{" + std::string{limits[bytes_->below(limits.size())]} + "} ";
    }
    return text;
  }

  std::string part(int depth) {
    constexpr std::array events{"a", "b", "c", ".", "[a|b]", "[^c]", "!a", "~\"b|c\"", ".[touchpoint != b]", "'d'"};
    std::string text;
    switch (depth == 0 || bytes_->empty() ? 0 : bytes_->below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        text = events[bytes_->below(events.size())];
        break;
      case 4:
        return bytes_->below(2) == 0 ? "^" : "$";
      case 5:
        text = "(" + part(depth - 1) + "|" + part(depth - 1) + ")";
        break;
      default:
        text = "(" + chain(depth - 1) + ")";
    }
    constexpr std::array repeats{"", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "{,2}"};
    return text + repeats[bytes_->below(repeats.size())];
  }

  fuzz::source* bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klantreis;
  static const event_log log = test::log_of([] {
    std::vector<test::event> events;
    const std::string letters = "abcabbacacbbbaaccab";
    for (std::size_t i = 0; i < letters.size(); ++i) {
      events.push_back({"u", static_cast<std::int64_t>(i / 2 + i / 7), std::string(1, letters[i])});
    }
    return events;
  }());
  fuzz::source bytes{data, size};
  const std::size_t kind = bytes.below(4);
  std::string text;
  if (kind >= 2) {
    text = writer{bytes}.chain(3);
  }
  while (kind < 2 && !bytes.empty()) {
    if (kind == 0) {
      text += static_cast<char>(bytes.byte());
    } else {
      text += words[bytes.below(words.size())];
    }
  }
  const std::uint64_t end = log.events();
  const auto piece = [](std::uint64_t from, std::uint64_t to) {
    return journey{.begin = from, .path_end = to, .end = to};
  };
  try {
    const path_pattern pattern{text};
    path_search search{log, pattern, {.entry = kind == 2 ? match_entry::latest : match_entry::earliest}};
    const auto found = search.find(piece(0, end));
    // Every state may be improved by every other one once at each event, in three passes.
    fuzz::require(search.work() <= 3 * end * max_pattern_states * 40, "the work stays in proportion");
    std::uint64_t before = 0;
    for (const path_match& match : found) {
      fuzz::require(match.begin >= before && match.end > match.begin && match.end <= end, "matches do not overlap");
      fuzz::require(match.parts.size() == pattern.parts().size(), "every part has its place");
      std::uint64_t last = match.begin;
      for (const path_match::part& part : match.parts) {
        if (part.first != path_match::absent) {
          fuzz::require(part.first >= last && part.last >= part.first && part.last < match.end, "parts stand in order");
          last = part.last + 1;
        }
      }
      before = match.end;
    }
    fuzz::require(search.matches(piece(0, end)) == !found.empty(), "what is found matches");
    if (text.find('$') == std::string::npos && text.find("path_end") == std::string::npos && !found.empty()) {
      fuzz::require(search.matches(piece(0, found[0].end)), "a match needs nothing of what follows it");
      fuzz::require(!search.matches(piece(0, found[0].end - 1)), "a match ends as early as it can");
    }
  } catch (const input_error&) {
  }
  return 0;
}
