// SPDX-License-Identifier: MIT
// coverage [--replicates 5000] [--seed 1] [--threads 0] [--only TEXT]
//
// Runs the studies and prints one Markdown table for each. Ends with status 1 when a share differs from that of the
// independent study by more than four standard errors of the difference.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coverage/study.hpp"
#include "klantreis/engine.hpp"

namespace coverage {

std::vector<study>& studies() {
  static std::vector<study> all;
  return all;
}

namespace {

// The independent studies had 5,000 replicates too.
constexpr double reference_replicates = 5000.0;
constexpr double standard_errors = 4.0;

struct verdict {
  double found = 0.0;
  double tolerance = klantreis::null_value;
  bool holds = true;
};

verdict judge(const tally& row) {
  verdict result;
  const auto n = static_cast<double>(row.defined);
  if (row.is_mean) {
    result.found = row.sum / n;
    result.tolerance = row.margin + standard_errors * std::sqrt(row.error2) / n;
  } else {
    result.found = static_cast<double>(row.hits) / n;
    // Not closer to 0 or 1 than one more or less could tell.
    const double p = std::clamp(row.reference, 0.01, 0.99);
    result.tolerance = standard_errors * std::sqrt(p * (1.0 - p) * (1.0 / n + 1.0 / reference_replicates));
  }
  if (!std::isnan(row.reference)) {
    result.holds = row.defined > 0 && std::abs(result.found - row.reference) <= result.tolerance;
  }
  return result;
}

bool print(const study& one, std::size_t replicates, const sheet& found) {
  std::printf("\n### %s (%zu replicates)\n\n", one.name.c_str(), replicates);
  std::printf("| statistic | truth | found | independent | within | truth below | above | no interval | |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
  bool all_hold = true;
  for (const auto& [name, row] : found.rows()) {
    const verdict result = judge(row);
    all_hold = all_hold && result.holds;
    std::printf("| %s | %.6g | %.4f | ", name.c_str(), row.truth, result.found);
    if (std::isnan(row.reference)) {
      std::printf("- | - | ");
    } else {
      std::printf("%.4f | %.4f | ", row.reference, result.tolerance);
    }
    if (row.is_mean) {
      std::printf("- | - | ");
    } else {
      const auto n = static_cast<double>(row.defined);
      std::printf("%.4f | %.4f | ", static_cast<double>(row.below) / n, static_cast<double>(row.above) / n);
    }
    std::printf("%llu | %s |\n", static_cast<unsigned long long>(row.null), result.holds ? "" : "DIFFERS");
  }
  std::fflush(stdout);
  return all_hold;
}

}  // namespace
}  // namespace coverage

int main(int count, char** arguments) {
  std::size_t replicates = 5000;
  std::uint64_t seed = 1;
  unsigned threads = 0;
  std::string only;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : nullptr;
    if (value == nullptr) {
      std::fprintf(stderr, "%s needs a value; known are --replicates, --seed, --threads and --only\n", arguments[i]);
      return 2;
    }
    ++i;
    if (name == "--replicates") {
      replicates = std::strtoull(value, nullptr, 10);
    } else if (name == "--seed") {
      seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--threads") {
      threads = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    } else if (name == "--only") {
      only = value;
    } else {
      std::fprintf(stderr, "%s is unknown; known are --replicates, --seed, --threads and --only\n", arguments[i - 1]);
      return 2;
    }
  }
  auto& all = coverage::studies();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  bool hold = true;
  std::size_t run = 0;
  for (std::size_t number = 0; number < all.size(); ++number) {
    const coverage::study& one = all[number];
    if (one.name.find(only) == std::string::npos) {
      continue;
    }
    ++run;
    const auto times =
        (std::max)(std::size_t{1}, static_cast<std::size_t>(one.share * static_cast<double>(replicates)));
    const coverage::sheet found =
        klantreis::count_in_slices(times, klantreis::worker_count(threads), 1, [&](klantreis::index_range range) {
          coverage::sheet part;
          for (std::size_t replicate = range.begin; replicate < range.end; ++replicate) {
            // A stream of its own for each replicate: the figures do not depend on threads or on other studies.
            std::uint64_t mixed = seed;
            for (const char letter : one.name) {
              mixed = (mixed ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
            }
            coverage::random mixer{mixed + 0x632BE59BD9B4E019U * (replicate + 1)};
            coverage::random draw{mixer.bits()};
            one.replicate(draw, part);
          }
          return part;
        });
    hold = coverage::print(one, times, found) && hold;
  }
  if (run == 0) {
    std::fprintf(stderr, "no study is called like '%s'\n", only.c_str());
    return 2;
  }
  return hold ? 0 : 1;
}
