// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "klantreis/detail/log/bulk_vector.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

/// Owns the numbers of one column, packed where most are null or 0; see number_view.
class number_store {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] double operator[](std::size_t event) const noexcept { return view()[event]; }
  [[nodiscard]] number_view view() const noexcept {
    return packed_ ? number_view{size_, usual_, marks_.data(), ranks_.data(), numbers_.data()}
                   : number_view{std::span<const double>{numbers_}};
  }

  void append(std::span<const double> numbers) {
    if (numbers.empty()) {
      return;
    }
    if (size_ == 0) {
      choose(numbers);
    }
    if (packed_) {
      pack(numbers);
      // What is packed costs a look at its mark and at its rank; a column of which most are marked is better plain.
      if (2 * numbers_.size() > size_) {
        unpack();
      }
    } else {
      numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
      size_ = numbers_.size();
    }
  }

  /// The same numbers in the order of `rows`; as they are without rows.
  [[nodiscard]] number_store sorted(std::span<const std::uint32_t> rows, unsigned workers) && {
    if (empty() || rows.empty()) {
      numbers_.shrink_to_fit();
      marks_.shrink_to_fit();
      ranks_.shrink_to_fit();
      return std::move(*this);
    }
    number_store result;
    result.size_ = size_;
    result.usual_ = usual_;
    result.packed_ = packed_;
    result.numbers_.resize(numbers_.size());
    if (!packed_) {
      run_parallel(workers, [&](unsigned worker) {
        const auto part = slice(size_, worker, workers);
        for (std::size_t i = part.begin; i < part.end; ++i) {
          result.numbers_[i] = numbers_[rows[i]];
        }
      });
      return result;
    }
    const std::size_t words = marks_.size();
    result.marks_.resize(words);
    result.ranks_.resize(words);
    std::vector<std::size_t> marked(workers);
    run_parallel(workers, [&](unsigned worker) {
      const auto part = slice(words, worker, workers);
      for (std::size_t word = part.begin; word < part.end; ++word) {
        std::uint64_t marks = 0;
        const std::size_t end = (std::min)(size_, (word + 1) * 64);
        for (std::size_t i = word * 64; i < end; ++i) {
          marks |= ((marks_[rows[i] / 64] >> (rows[i] % 64)) & 1U) << (i % 64);
        }
        result.marks_[word] = marks;
        marked[worker] += static_cast<std::size_t>(std::popcount(marks));
      }
    });
    std::size_t before = 0;
    for (std::size_t& count : marked) {
      before += std::exchange(count, before);
    }
    run_parallel(workers, [&](unsigned worker) {
      const auto part = slice(words, worker, workers);
      std::size_t rank = marked[worker];
      for (std::size_t word = part.begin; word < part.end; ++word) {
        result.ranks_[word] = static_cast<std::uint32_t>(rank);
        for (std::uint64_t marks = result.marks_[word]; marks != 0; marks &= marks - 1) {
          result.numbers_[rank++] = (*this)[rows[word * 64 + static_cast<std::size_t>(std::countr_zero(marks))]];
        }
      }
    });
    return result;
  }

  /// Leaves out the numbers of the events whose `kept` is 0.
  void keep(const std::vector<std::uint8_t>& kept) {
    const number_store before = std::exchange(*this, number_store{});
    std::vector<double> left;
    for (std::size_t event = 0; event < before.size(); ++event) {
      if (kept[event] != 0) {
        left.push_back(before[event]);
      }
    }
    append(left);
  }

 private:
  [[nodiscard]] bool is_usual(double number) const noexcept {
    return std::isnan(usual_) ? std::isnan(number) : std::bit_cast<std::uint64_t>(number) == 0;
  }

  void choose(std::span<const double> numbers) {
    std::size_t nulls = 0;
    std::size_t zeros = 0;
    for (const double number : numbers) {
      nulls += std::isnan(number) ? 1U : 0U;
      zeros += std::bit_cast<std::uint64_t>(number) == 0 ? 1U : 0U;
    }
    packed_ = 2 * (std::max)(nulls, zeros) >= numbers.size();
    usual_ = nulls >= zeros ? std::numeric_limits<double>::quiet_NaN() : 0.0;
  }

  void pack(std::span<const double> numbers) {
    for (std::size_t done = 0; done < numbers.size();) {
      if (size_ % 64 == 0) {
        marks_.push_back(0);
        ranks_.push_back(static_cast<std::uint32_t>(numbers_.size()));
      }
      const std::size_t count = (std::min)(numbers.size() - done, 64 - size_ % 64);
      std::uint64_t marks = 0;
      for (std::size_t i = 0; i < count; ++i) {
        marks |= (is_usual(numbers[done + i]) ? std::uint64_t{0} : std::uint64_t{1}) << i;
      }
      marks_.back() |= marks << (size_ % 64);
      for (; marks != 0; marks &= marks - 1) {
        numbers_.push_back(numbers[done + static_cast<std::size_t>(std::countr_zero(marks))]);
      }
      size_ += count;
      done += count;
    }
  }

  void unpack() {
    bulk_vector<double> numbers(size_);
    for (std::size_t event = 0; event < size_; ++event) {
      numbers[event] = (*this)[event];
    }
    *this = {};
    numbers_ = std::move(numbers);
    size_ = numbers_.size();
  }

  bulk_vector<double> numbers_;  // all, or the marked ones
  bulk_vector<std::uint64_t> marks_;
  bulk_vector<std::uint32_t> ranks_;  // marks before each word
  std::size_t size_ = 0;
  double usual_ = 0.0;
  bool packed_ = false;
};

}  // namespace klantreis::detail
