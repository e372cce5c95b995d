// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/detail/share_cases.hpp"
#include "klantreis/engine.hpp"

namespace klantreis::detail {

/// What sequences are sought. Times are in ticks.
struct mining_question {
  double least = 1.0;  ///< journeys
  std::size_t min_length = 1;
  std::size_t max_length = 5;
  std::optional<std::size_t> max_gap = std::nullopt;  ///< items between neighbours
  std::optional<std::int64_t> max_gap_time = std::nullopt;
  std::optional<std::int64_t> within = std::nullopt;

  [[nodiscard]] bool is_free() const noexcept { return !max_gap && !max_gap_time && !within; }
  [[nodiscard]] bool needs_times() const noexcept { return max_gap_time || within; }
};

/// A sequence that was found.
struct mined_sequence {
  std::vector<std::uint32_t> items;
  std::uint64_t journeys = 0;
  std::uint64_t places = 0;      ///< where it can end, over all journeys; of neighbours without gaps, its occurrences
  std::vector<share_case> hits;  ///< of the customers who have it
};

/// The most sequences that are kept.
inline constexpr std::size_t max_mined_sequences = 3'000'000;

/// Finds the sequences of items that enough journeys contain, in this order, with other items between.
///
/// PrefixSpan (Pei et al. 2004, doi:10.1109/TKDE.2004.77) with pseudo-projection: what follows a sequence in each
/// journey is known by the place where its first match ends. Under limits on gaps every place where a match may end is
/// kept, with its latest beginning. Equal journeys are looked at once.
class sequence_miner {
 public:
  sequence_miner(const path_corpus& corpus, const mining_question& question)
      : corpus_(corpus), question_(question), whole_(corpus.customer_count()) {
    gather();
  }

  /// All that is found, by first item, each after those that it extends.
  [[nodiscard]] std::vector<mined_sequence> mine(unsigned threads) {
    std::vector<std::vector<entry>> roots(corpus_.items);
    for (std::uint32_t row = 0; row < rows(); ++row) {
      for (std::uint32_t place = offsets_[row]; place < offsets_[row + 1]; ++place) {
        std::vector<entry>& root = roots[codes_[place]];
        if (question_.is_free() && !root.empty() && root.back().row == row) {
          continue;
        }
        root.push_back({row, place, place});
      }
    }
    std::vector<std::uint32_t> candidates;
    for (std::uint32_t item = 0; item < corpus_.items; ++item) {
      if (is_frequent(roots[item])) {
        candidates.push_back(item);
      }
    }
    // Large parts first, so that no worker is left with one at the end.
    std::vector<std::uint32_t> tasks = candidates;
    std::stable_sort(tasks.begin(), tasks.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return roots[a].size() > roots[b].size(); });
    std::vector<std::vector<mined_sequence>> found(corpus_.items);
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> total{0};
    run_parallel(worker_count(threads), [&](unsigned) {
      walker one{*this, candidates, total};
      for (std::size_t task = next++; task < tasks.size(); task = next++) {
        one.walk(roots[tasks[task]], tasks[task], found[tasks[task]]);
      }
    });
    std::vector<mined_sequence> all;
    for (std::vector<mined_sequence>& part : found) {
      std::move(part.begin(), part.end(), std::back_inserter(all));
    }
    return all;
  }

  /// Customers by their journeys in each group.
  [[nodiscard]] const std::vector<share_case>& population() const noexcept { return population_; }

 private:
  struct entry {
    std::uint32_t row;
    std::uint32_t place;  // of the last item
    std::uint32_t start;  // of the first item
  };
  struct member {
    std::uint32_t customer;
    std::uint32_t group;
  };

  class walker {
   public:
    walker(const sequence_miner& miner, std::span<const std::uint32_t> candidates, std::atomic<std::size_t>& total)
        : miner_(miner), roots_(candidates.begin(), candidates.end()), total_(total), seen_(miner.corpus_.items, 0) {
      if (!miner.is_single_) {
        own_.resize(miner.whole_);
      }
    }

    void walk(const std::vector<entry>& entries, std::uint32_t item, std::vector<mined_sequence>& out) {
      prefix_.assign(1, item);
      extend(entries, roots_, out);
    }

   private:
    void extend(const std::vector<entry>& entries, const std::vector<std::uint32_t>& candidates,
                std::vector<mined_sequence>& out) {
      check_stop();
      out.push_back(describe(entries));
      if (++total_ > max_mined_sequences) {
        throw limit_error("more than " + std::to_string(max_mined_sequences) +
                          " sequences are this frequent; raise min_support or lower max_length");
      }
      const std::size_t depth = prefix_.size();
      if (depth == miner_.question_.max_length) {
        return;
      }
      if (buckets_.size() < depth) {
        buckets_.emplace_back(miner_.corpus_.items);
      }
      if (miner_.question_.is_free()) {
        project(entries, candidates, depth - 1);
      } else {
        project_within_limits(entries, depth - 1);
      }
      // Without limits, what is too rare here is too rare after anything more.
      std::vector<std::uint32_t> frequent;
      for (const std::uint32_t item : miner_.question_.is_free() ? candidates : roots_) {
        if (miner_.is_frequent(buckets_[depth - 1][item])) {
          frequent.push_back(item);
        } else {
          buckets_[depth - 1][item].clear();
        }
      }
      for (const std::uint32_t item : frequent) {
        prefix_.push_back(item);
        const std::vector<entry> next = std::move(buckets_[depth - 1][item]);
        buckets_[depth - 1][item] = {};
        extend(next, frequent_or_roots(frequent), out);
        prefix_.pop_back();
      }
    }

    [[nodiscard]] const std::vector<std::uint32_t>& frequent_or_roots(
        const std::vector<std::uint32_t>& frequent) const noexcept {
      return miner_.question_.is_free() ? frequent : roots_;
    }

    // The first place of each candidate after the prefix.
    void project(const std::vector<entry>& entries, const std::vector<std::uint32_t>& candidates, std::size_t depth) {
      auto& buckets = buckets_[depth];
      const std::uint64_t wanted = ++stamp_;
      for (const std::uint32_t item : candidates) {
        seen_[item] = wanted;
      }
      for (const entry& one : entries) {
        const std::uint64_t done = ++stamp_;
        std::size_t left = candidates.size();
        for (std::uint32_t place = one.place + 1; place < miner_.offsets_[one.row + 1] && left != 0; ++place) {
          const std::uint32_t item = miner_.codes_[place];
          if (seen_[item] >= wanted && seen_[item] != done) {
            seen_[item] = done;
            buckets[item].push_back({one.row, place, one.start});
            --left;
          }
        }
      }
    }

    // Every place at which an item may follow, with the latest beginning.
    void project_within_limits(const std::vector<entry>& entries, std::size_t depth) {
      auto& buckets = buckets_[depth];
      const mining_question& question = miner_.question_;
      for (std::size_t first = 0; first < entries.size();) {
        const std::uint32_t row = entries[first].row;
        const std::uint32_t end = miner_.offsets_[row + 1];
        std::uint32_t reached = entries[first].place + 1;  // places before this one are in the buckets, or passed
        starts_.assign(end - miner_.offsets_[row], none);
        for (; first < entries.size() && entries[first].row == row; ++first) {
          const entry& one = entries[first];
          // Only a total time makes later beginnings matter; else each place is looked at once.
          for (std::uint32_t place = question.within ? one.place + 1 : (std::max)(reached, one.place + 1); place < end;
               ++place) {
            if ((question.max_gap && place - one.place - 1 > *question.max_gap) ||
                (question.max_gap_time && miner_.times_[place] - miner_.times_[one.place] > *question.max_gap_time) ||
                (question.within && miner_.times_[place] - miner_.times_[one.start] > *question.within)) {
              break;
            }
            std::uint32_t& start = starts_[place - miner_.offsets_[row]];
            start = start == none ? one.start : (std::max)(start, one.start);
            reached = (std::max)(reached, place + 1);
          }
        }
        for (std::uint32_t place = miner_.offsets_[row]; place < reached; ++place) {
          const std::uint32_t start = starts_[place - miner_.offsets_[row]];
          if (start != none) {
            buckets[miner_.codes_[place]].push_back({row, place, start});
          }
        }
      }
    }

    mined_sequence describe(const std::vector<entry>& entries) {
      mined_sequence found;
      found.items = prefix_;
      const bool is_shown = prefix_.size() >= miner_.question_.min_length;
      std::uint64_t journeys[2] = {0, 0};
      for (std::size_t place = 0; place < entries.size(); ++place) {
        const std::uint32_t row = entries[place].row;
        found.places += miner_.weight(row);
        if (place != 0 && entries[place - 1].row == row) {
          continue;
        }
        journeys[0] += miner_.weights_[row][0];
        journeys[1] += miner_.weights_[row][1];
        if (is_shown && !miner_.is_single_) {
          for (const member& one : miner_.members_of(row)) {
            if (own_[one.customer][0] + own_[one.customer][1] == 0) {
              touched_.push_back(one.customer);
            }
            ++own_[one.customer][one.group];
          }
        }
      }
      found.journeys = journeys[0] + journeys[1];
      if (is_shown) {
        gather_hits(found, journeys[0], journeys[1]);
      }
      return found;
    }

    void gather_hits(mined_sequence& found, std::uint64_t first, std::uint64_t second) {
      if (miner_.is_single_) {
        found.hits = {{{0, 1}, {0, 1}, second}, {{1, 0}, {1, 0}, first}};
        return;
      }
      for (const std::uint32_t customer : touched_) {
        found.hits.push_back({miner_.units_[customer], own_[customer], 1});
        own_[customer] = {};
      }
      touched_.clear();
      std::sort(found.hits.begin(), found.hits.end(),
                [](const share_case& a, const share_case& b) { return a.key() < b.key(); });
      std::size_t kept = 0;
      for (std::size_t place = 1; place < found.hits.size(); ++place) {
        if (found.hits[place].key() == found.hits[kept].key()) {
          ++found.hits[kept].customers;
        } else {
          found.hits[++kept] = found.hits[place];
        }
      }
      found.hits.resize(found.hits.empty() ? 0 : kept + 1);
    }

    static constexpr std::uint32_t none = (std::numeric_limits<std::uint32_t>::max)();
    const sequence_miner& miner_;
    std::vector<std::uint32_t> roots_;
    std::atomic<std::size_t>& total_;
    std::vector<std::uint32_t> prefix_;
    std::vector<std::vector<std::vector<entry>>> buckets_;  // by depth and item
    std::vector<std::uint64_t> seen_;                       // by item: when it was seen last
    std::uint64_t stamp_ = 0;
    std::vector<std::uint32_t> starts_;
    std::vector<std::array<std::uint32_t, 2>> own_;  // by customer: journeys of each group with the sequence
    std::vector<std::uint32_t> touched_;
  };

  [[nodiscard]] std::uint32_t rows() const noexcept { return static_cast<std::uint32_t>(offsets_.size() - 1); }
  [[nodiscard]] std::uint64_t weight(std::uint32_t row) const noexcept { return weights_[row][0] + weights_[row][1]; }
  [[nodiscard]] std::span<const member> members_of(std::uint32_t row) const noexcept {
    return std::span{members_}.subspan(member_offsets_[row], member_offsets_[row + 1] - member_offsets_[row]);
  }
  [[nodiscard]] bool is_frequent(const std::vector<entry>& entries) const noexcept {
    std::uint64_t journeys = 0;
    for (std::size_t place = 0; place < entries.size(); ++place) {
      if (place == 0 || entries[place - 1].row != entries[place].row) {
        journeys += weight(entries[place].row);
      }
    }
    return journeys != 0 && static_cast<double>(journeys) >= question_.least;
  }

  // Distinct journeys as rows, and who has them.
  void gather() {
    if (corpus_.codes.size() >= (std::numeric_limits<std::uint32_t>::max)()) {
      throw limit_error("the journeys have more than " + std::to_string((std::numeric_limits<std::uint32_t>::max)()) +
                        " items, too many for sequences; take some of the customers");
    }
    std::vector<std::uint32_t> row_of(corpus_.size());
    sequence_index distinct;
    for (std::size_t journey = 0; journey < corpus_.size(); ++journey) {
      const auto path = corpus_.path(journey);
      row_of[journey] = question_.needs_times() ? static_cast<std::uint32_t>(journey)
                                                : static_cast<std::uint32_t>(distinct.intern(path));
      if (row_of[journey] == rows()) {
        codes_.insert(codes_.end(), path.begin(), path.end());
        offsets_.push_back(static_cast<std::uint32_t>(codes_.size()));
        weights_.push_back({});
      }
      ++weights_[row_of[journey]][corpus_.groups[journey]];
    }
    times_ = question_.needs_times() ? std::span<const std::int64_t>{corpus_.times} : std::span<const std::int64_t>{};
    share_counter customers;
    for (std::size_t customer = 0; customer < corpus_.customer_count(); ++customer) {
      is_single_ = is_single_ && corpus_.customers[customer + 1] - corpus_.customers[customer] == 1;
      for (std::size_t journey = corpus_.customers[customer]; journey < corpus_.customers[customer + 1]; ++journey) {
        customers.unit(corpus_.groups[journey]);
      }
      customers.end_customer();
    }
    population_ = customers.population();
    if (is_single_) {
      return;
    }
    units_.resize(corpus_.customer_count());
    member_offsets_.assign(rows() + 1, 0);
    for (const std::uint32_t row : row_of) {
      ++member_offsets_[row + 1];
    }
    std::partial_sum(member_offsets_.begin(), member_offsets_.end(), member_offsets_.begin());
    members_.resize(corpus_.size());
    std::vector<std::uint64_t> next(member_offsets_.begin(), member_offsets_.end() - 1);
    for (std::uint32_t customer = 0; customer < corpus_.customer_count(); ++customer) {
      for (std::size_t journey = corpus_.customers[customer]; journey < corpus_.customers[customer + 1]; ++journey) {
        ++units_[customer][corpus_.groups[journey]];
        members_[next[row_of[journey]]++] = {customer, corpus_.groups[journey]};
      }
    }
  }

  const path_corpus& corpus_;
  mining_question question_;
  std::size_t whole_ = 0;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<std::uint32_t> codes_;
  std::span<const std::int64_t> times_;
  std::vector<std::array<std::uint64_t, 2>> weights_;  // of each row: journeys of each group
  bool is_single_ = true;                              // each customer has one journey
  std::vector<std::uint64_t> member_offsets_;
  std::vector<member> members_;
  std::vector<std::array<std::uint32_t, 2>> units_;  // by customer: journeys of each group
  std::vector<share_case> population_;
};

}  // namespace klantreis::detail
