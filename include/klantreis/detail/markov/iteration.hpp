// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "klantreis/engine.hpp"
#include "klantreis/markov/absorbing_chain.hpp"

// Iterative solution of (I − Q) x = b for W right-hand sides at once. The W values of a state stand side by side: with
// W = 8 that is one cache line, and each entry of Q is read once for eight solutions. A bit of `removed[i]` says for
// which of them state i is removed; b and every iterate are 0 there.

namespace klantreis::detail {

template <std::size_t W>
using lanes = std::array<double, W>;

// W factors for each pattern of removed states: 0 where the bit is set, else 1.
template <std::size_t W>
const std::array<lanes<W>, std::size_t{1} << W>& keep_table() {
  static const auto table = [] {
    std::array<lanes<W>, std::size_t{1} << W> result{};
    for (std::size_t pattern = 0; pattern < result.size(); ++pattern) {
      for (std::size_t c = 0; c < W; ++c) {
        result[pattern][c] = (pattern >> c & 1U) != 0 ? 0.0 : 1.0;
      }
    }
    return result;
  }();
  return table;
}

// A state's values must not lie across two cache lines: reading them is what a solution costs.
template <typename T>
struct line_allocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  line_allocator() = default;
  template <typename U>
  explicit line_allocator(const line_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* block, std::size_t) noexcept { ::operator delete(block, line); }
  friend bool operator==(const line_allocator&, const line_allocator&) noexcept { return true; }
};

using lane_vector = std::vector<double, line_allocator<double>>;

template <std::size_t W>
class iteration {
 public:
  // `scale[i]` is 1 / (1 − q_ii): with it a step from a state to itself costs no iterations. `rhs` holds one value
  // for each state when all W right-hand sides are the same but for the removed states, else W.
  iteration(const sparse_rows& q, const std::vector<double>& scale, std::vector<double> rhs,
            std::vector<std::uint8_t> removed)
      : q_(q),
        scale_(scale),
        b_(std::move(rhs)),
        removed_(std::move(removed)),
        n_(q.rows()),
        row_stride_(b_.size() == n_ ? 1 : W),
        lane_stride_(b_.size() == n_ ? 0 : 1) {
    for (std::size_t i = 0; i < n_; ++i) {
      const lanes<W> own = rhs_at(i);
      for (std::size_t c = 0; c < W; ++c) {
        rhs_norms_[c] += own[c] * scale_[i] * own[c] * scale_[i];
      }
    }
    for (double& norm : rhs_norms_) {
      norm = std::sqrt(norm);
    }
    x_.assign(n_ * W, 0.0);
  }

  [[nodiscard]] double x(std::size_t i, std::size_t c) const noexcept { return x_[i * W + c]; }
  [[nodiscard]] const lanes<W>& rhs_norms() const noexcept { return rhs_norms_; }

  /// The 2-norms of the (scaled) residual of the present solution, and what rounding alone can make of them: no
  /// iteration gets below.
  struct residual_norms {
    lanes<W> found{};
    lanes<W> floor{};

    [[nodiscard]] bool reaches(std::size_t c, double tolerance) const noexcept {
      return found[c] <= (std::max)(tolerance, floor[c]);
    }
  };
  [[nodiscard]] residual_norms norms() const {
    residual_norms result;
    for (std::size_t i = 0; i < n_; ++i) {
      const lanes<W> r = residual(i);
      const lanes<W> own = rhs_at(i);
      for (std::size_t c = 0; c < W; ++c) {
        const double rounding = 0x1p-51 * scale_[i] * (std::abs(own[c]) + std::abs(x_[i * W + c]));
        result.found[c] += r[c] * r[c];
        result.floor[c] += rounding * rounding;
      }
    }
    for (std::size_t c = 0; c < W; ++c) {
      result.found[c] = std::sqrt(result.found[c]);
      result.floor[c] = std::sqrt(result.floor[c]);
    }
    return result;
  }

  /// Largest residual, each with what rounding may have hidden (forward), and Σ |residual_i| weight_i (transposed).
  struct certificate {
    lanes<W> largest{};
    lanes<W> weighted{};
  };
  [[nodiscard]] certificate certify(const std::vector<double>& weights) const {
    certificate result;
    for (std::size_t i = 0; i < n_; ++i) {
      lanes<W> sum{};
      lanes<W> size{};
      const std::size_t end = q_.offsets[i + 1];
      for (std::size_t e = q_.offsets[i]; e < end; ++e) {
        const double* other = &x_[q_.columns[e] * W];
        for (std::size_t c = 0; c < W; ++c) {
          sum[c] += q_.values[e] * other[c];
          size[c] += q_.values[e] * std::abs(other[c]);
        }
      }
      const double rounding = static_cast<double>(end - q_.offsets[i] + 3) * 0x1p-53;
      const lanes<W> own = rhs_at(i);
      for (std::size_t c = 0; c < W; ++c) {
        const double x = x_[i * W + c];
        const double r = std::abs(own[c] - x + sum[c]) + rounding * (std::abs(own[c]) + std::abs(x) + size[c]);
        const double kept = keep_[removed_[i]][c] * r;
        result.largest[c] = (std::max)(result.largest[c], kept);
        result.weighted[c] += kept * weights[i];
      }
    }
    return result;
  }

  /// BiCGSTAB from the present solution until each residual is below its tolerance. Returns the iterations of each.
  std::array<std::size_t, W> bicgstab(const lanes<W>& tolerance, std::size_t most) {
    lane_vector r(n_ * W);
    for (std::size_t i = 0; i < n_; ++i) {
      const lanes<W> value = residual(i);
      for (std::size_t c = 0; c < W; ++c) {
        r[i * W + c] = value[c];
      }
    }
    lane_vector shadow = r;
    lane_vector p = r;
    lane_vector v(n_ * W);
    lane_vector t(n_ * W);
    lanes<W> rho = dots(r, r);
    lanes<W> shadow_square = rho;
    std::array<std::size_t, W> used{};
    std::array<bool, W> active{};
    for (std::size_t c = 0; c < W; ++c) {
      active[c] = std::sqrt(rho[c]) > tolerance[c];
    }
    for (std::size_t round = 0; round < most && any(active); ++round) {
      check_stop();
      multiply(p, v);
      const lanes<W> shadow_v = dots(shadow, v);
      lanes<W> alpha{};
      for (std::size_t c = 0; c < W; ++c) {
        // A column that is done keeps its solution: all of its steps have length 0.
        alpha[c] = active[c] ? quotient(rho[c], shadow_v[c]) : 0.0;
      }
      for (std::size_t at = 0; at < n_ * W; at += W) {
        for (std::size_t c = 0; c < W; ++c) {
          r[at + c] -= alpha[c] * v[at + c];
        }
      }
      multiply(r, t);
      const lanes<W> t_r = dots(t, r);
      const lanes<W> t_t = dots(t, t);
      lanes<W> omega{};
      for (std::size_t c = 0; c < W; ++c) {
        omega[c] = active[c] ? quotient(t_r[c], t_t[c]) : 0.0;
      }
      lanes<W> next{};
      lanes<W> square{};
      for (std::size_t at = 0; at < n_ * W; at += W) {
        for (std::size_t c = 0; c < W; ++c) {
          x_[at + c] += alpha[c] * p[at + c] + omega[c] * r[at + c];
          r[at + c] -= omega[c] * t[at + c];
          next[c] += shadow[at + c] * r[at + c];
          square[c] += r[at + c] * r[at + c];
        }
      }
      bool restart = false;
      lanes<W> beta{};
      for (std::size_t c = 0; c < W; ++c) {
        used[c] += active[c] ? 1U : 0U;
        active[c] = active[c] && std::sqrt(square[c]) > tolerance[c];
        if (active[c]) {
          beta[c] = quotient(next[c], rho[c]) * quotient(alpha[c], omega[c]);
          restart = restart || beta[c] == 0.0 || std::abs(next[c]) < 1e-16 * std::sqrt(square[c] * shadow_square[c]);
        }
        rho[c] = next[c];
      }
      if (restart) {
        // The shadow residual has become useless; the present residual takes its place.
        shadow = r;
        p = r;
        rho = square;
        shadow_square = square;
        continue;
      }
      for (std::size_t at = 0; at < n_ * W; at += W) {
        for (std::size_t c = 0; c < W; ++c) {
          p[at + c] = r[at + c] + beta[c] * (p[at + c] - omega[c] * v[at + c]);
        }
      }
    }
    return used;
  }

  /// Gauss-Seidel from the present solution until every residual is below its tolerance or `most` sweeps are made.
  /// Returns the sweeps.
  std::size_t gauss_seidel(const lanes<W>& tolerance, std::size_t most) {
    std::size_t sweeps = 0;
    std::size_t next = 8;
    while (sweeps < most) {
      for (std::size_t k = 0; k < next && sweeps < most; ++k, ++sweeps) {
        check_stop();
        for (std::size_t i = 0; i < n_; ++i) {
          relax(i);
        }
      }
      // A residual costs as much as a sweep: the rate so far says when the next one is worth its price.
      const residual_norms reached = norms();
      double missing = 0.0;
      for (std::size_t c = 0; c < W; ++c) {
        if (!reached.reaches(c, tolerance[c])) {
          const double rate = std::log(rhs_norms_[c] / reached.found[c]) / static_cast<double>(sweeps);
          missing = (std::max)(missing, rate > 0.0 ? std::log(reached.found[c] / tolerance[c]) / rate : 64.0);
        }
      }
      if (missing == 0.0) {
        break;
      }
      next = static_cast<std::size_t>(std::clamp(missing, 2.0, 256.0));
    }
    return sweeps;
  }

 private:
  static double quotient(double a, double b) noexcept {
    const double value = b != 0.0 ? a / b : 0.0;
    return std::isfinite(value) ? value : 0.0;
  }

  static bool any(const std::array<bool, W>& flags) noexcept {
    for (const bool flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] lanes<W> dots(const lane_vector& a, const lane_vector& b) const noexcept {
    lanes<W> sums{};
    for (std::size_t at = 0; at < n_ * W; at += W) {
      for (std::size_t c = 0; c < W; ++c) {
        sums[c] += a[at + c] * b[at + c];
      }
    }
    return sums;
  }

  template <bool Far>
  [[nodiscard]] lanes<W> row_sum(std::size_t i, const double* x) const noexcept {
    const std::uint32_t* columns = q_.columns.data();
    const double* values = q_.values.data();
    const std::size_t end = q_.offsets[i + 1];
    lanes<W> sum{};
    for (std::size_t e = q_.offsets[i]; e < end; ++e) {
#if defined(__GNUC__) || defined(__clang__)
      // Beyond the caches each entry waits for memory; asked for this far ahead, the waits overlap. (In a function of
      // its own g++ takes the prefetch for dead code.)
      constexpr std::size_t ahead = 32;
      if (Far && e + ahead < q_.columns.size()) {
        __builtin_prefetch(x + std::size_t{columns[e + ahead]} * W);
      }
#endif
      const double weight = values[e];
      const double* other = x + std::size_t{columns[e]} * W;
      for (std::size_t c = 0; c < W; ++c) {
        sum[c] += weight * other[c];
      }
    }
    return sum;
  }

  [[nodiscard]] lanes<W> row_product(std::size_t i, const lane_vector& x) const noexcept {
    return exceeds_cache_ ? row_sum<true>(i, x.data()) : row_sum<false>(i, x.data());
  }

  void multiply(const lane_vector& x, lane_vector& y) const noexcept {
    for (std::size_t i = 0; i < n_; ++i) {
      const lanes<W> sum = row_product(i, x);
      const lanes<W>& kept = keep_[removed_[i]];
      const double scale = scale_[i];
      for (std::size_t c = 0; c < W; ++c) {
        y[i * W + c] = kept[c] * scale * (x[i * W + c] - sum[c]);
      }
    }
  }

  [[nodiscard]] lanes<W> rhs_at(std::size_t i) const noexcept {
    lanes<W> own{};
    for (std::size_t c = 0; c < W; ++c) {
      own[c] = keep_[removed_[i]][c] != 0.0 ? b_[i * row_stride_ + c * lane_stride_] : 0.0;
    }
    return own;
  }

  [[nodiscard]] lanes<W> residual(std::size_t i) const noexcept {
    lanes<W> sum = row_product(i, x_);
    const lanes<W>& kept = keep_[removed_[i]];
    const double* own = &b_[i * row_stride_];
    for (std::size_t c = 0; c < W; ++c) {
      sum[c] = kept[c] * scale_[i] * (own[c * lane_stride_] - x_[i * W + c] + sum[c]);
    }
    return sum;
  }

  void relax(std::size_t i) noexcept {
    const lanes<W> change = residual(i);
    for (std::size_t c = 0; c < W; ++c) {
      x_[i * W + c] += change[c];
    }
  }

  const sparse_rows& q_;
  const std::vector<double>& scale_;
  std::vector<double> b_;
  std::vector<std::uint8_t> removed_;
  std::size_t n_;
  bool exceeds_cache_ = n_ * W * sizeof(double) > (std::size_t{1} << 22);
  std::size_t row_stride_;
  std::size_t lane_stride_;
  const std::array<lanes<W>, std::size_t{1} << W>& keep_ = keep_table<W>();
  lanes<W> rhs_norms_{};
  lane_vector x_;
};

}  // namespace klantreis::detail
