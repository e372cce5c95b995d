// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "klantreis/detail/markov/iteration.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/solver.hpp"

namespace klantreis {
namespace detail {

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using const_vector = Eigen::Map<const Eigen::VectorXd>;

inline Eigen::Index index_of(std::size_t value) { return static_cast<Eigen::Index>(value); }

// The inverse by halves. No pivots are needed: I − Q and every block that is eliminated on the way are M-matrices (or
// inverses of such), whose leading blocks are all regular.
inline row_major inverse_by_halves(const row_major& matrix) {
  check_stop();
  const Eigen::Index n = matrix.rows();
  if (n <= 16) {
    return Eigen::PartialPivLU<row_major>(matrix).inverse();
  }
  const Eigen::Index h = n / 2;
  const row_major first = inverse_by_halves(matrix.topLeftCorner(h, h));
  const row_major right = first * matrix.topRightCorner(h, n - h);
  const row_major below = matrix.bottomLeftCorner(n - h, h) * first;
  const row_major schur =
      inverse_by_halves(matrix.bottomRightCorner(n - h, n - h) - matrix.bottomLeftCorner(n - h, h) * right);
  row_major result(n, n);
  result.bottomRightCorner(n - h, n - h) = schur;
  result.bottomLeftCorner(n - h, h).noalias() = -schur * below;
  result.topRightCorner(h, n - h).noalias() = -right * schur;
  result.topLeftCorner(h, h) = first;
  result.topLeftCorner(h, h).noalias() -= right * result.bottomLeftCorner(n - h, h);
  return result;
}

inline row_major inverse_of(const sparse_rows& q) {
  const std::size_t n = q.rows();
  if (n > max_dense_states) {
    throw limit_error("the inverse of a chain of " + std::to_string(n) + " states is not made: the limit is " +
                      std::to_string(max_dense_states) + "; use a lower order or fewer touchpoints");
  }
  row_major matrix = row_major::Identity(index_of(n), index_of(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = q.offsets[i]; e < q.offsets[i + 1]; ++e) {
      matrix(index_of(i), index_of(q.columns[e])) -= q.values[e];
    }
  }
  return inverse_by_halves(matrix);
}

// Above this mean number of steps Gauss-Seidel needs too many sweeps; below this size its small memory buys nothing.
inline constexpr double short_journeys = 25.0;
inline constexpr std::size_t many_states = 100'000;

}  // namespace detail

struct transient_solver::state_data {
  const absorbing_chain& chain;
  solver_options options;
  bool dense = false;
  detail::row_major inverse;
  std::vector<double> scale;
  std::vector<double> steps;
  double most_steps = 0.0;
  std::once_flag transposed_once;
  sparse_rows transposed_within;

  state_data(const absorbing_chain& source, const solver_options& given) : chain(source), options(given) {}

  const sparse_rows& matrix(direction way) {
    if (way == direction::forward) {
      return chain.within();
    }
    std::call_once(transposed_once,
                   [this] { transposed_within = klantreis::transposed(chain.within(), chain.transient_size()); });
    return transposed_within;
  }

  [[nodiscard]] solver_method method() const noexcept {
    if (options.method != solver_method::automatic) {
      return options.method;
    }
    const bool short_ones = !steps.empty() && most_steps < detail::short_journeys;
    return short_ones && chain.transient_size() > detail::many_states ? solver_method::gauss_seidel
                                                                      : solver_method::bicgstab;
  }

  // y with (I − Q) y ≥ 1 − ε > 0 gives y / (1 − ε) ≥ (I − Q)⁻¹ 1, however y was found.
  bool accept_steps(std::vector<double> y) {
    const sparse_rows& q = chain.within();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < y.size(); ++i) {
      double sum = 0.0;
      double size = y[i];
      for (std::size_t e = q.offsets[i]; e < q.offsets[i + 1]; ++e) {
        sum += q.values[e] * y[q.columns[e]];
        size += q.values[e] * std::abs(y[q.columns[e]]);
      }
      const double rounding = static_cast<double>(q.offsets[i + 1] - q.offsets[i] + 2) * 0x1p-53;
      least = (std::min)(least, y[i] - sum - rounding * std::abs(size));
    }
    if (!(least > 0.0)) {
      return false;
    }
    most_steps = 0.0;
    for (double& value : y) {
      value *= (1.0 + 1e-12) / (std::min)(least, 1.0);
      most_steps = (std::max)(most_steps, value);
    }
    steps = std::move(y);
    return least >= 0.5;
  }

  template <std::size_t W>
  void run(detail::iteration<W>& work, const detail::lanes<W>& tolerance, std::array<std::size_t, W>& used) {
    detail::lanes<W> before{};
    before.fill(std::numeric_limits<double>::infinity());
    solver_method how = method();
    // The residual that BiCGSTAB carries along drifts from the true one; from where it stopped it starts afresh.
    for (int attempt = 0; attempt < 6; ++attempt) {
      if (how == solver_method::gauss_seidel) {
        const std::size_t sweeps = work.gauss_seidel(tolerance, options.max_iterations);
        for (std::size_t& count : used) {
          count += sweeps;
        }
      } else {
        const auto more = work.bicgstab(tolerance, options.max_iterations);
        for (std::size_t c = 0; c < W; ++c) {
          used[c] += more[c];
        }
      }
      const auto norms = work.norms();
      bool done = true;
      bool better = false;
      for (std::size_t c = 0; c < W; ++c) {
        const bool reached = norms.reaches(c, 2.0 * tolerance[c]);
        done = done && reached;
        better = better || (!reached && norms.found[c] < 0.5 * before[c]);
      }
      if (done) {
        return;
      }
      if (!better) {
        if (how == solver_method::gauss_seidel) {
          return;
        }
        how = solver_method::gauss_seidel;
      }
      before = norms.found;
    }
  }

  template <std::size_t W>
  void solve_batch(std::span<const problem> batch, direction way, std::vector<solution>& results) {
    const std::size_t n = chain.transient_size();
    const bool same = std::all_of(batch.begin(), batch.end(),
                                  [&](const problem& one) { return one.rhs.data() == batch.front().rhs.data(); });
    std::vector<double> rhs;
    if (same) {
      rhs.assign(batch.front().rhs.begin(), batch.front().rhs.end());
    } else {
      rhs.resize(n * W);
    }
    std::vector<std::uint8_t> removed(n);
    for (std::size_t c = 0; c < batch.size(); ++c) {
      for (std::size_t i = 0; !same && i < n; ++i) {
        rhs[i * W + c] = batch[c].rhs[i];
      }
      for (const absorbing_chain::state s : batch[c].removed) {
        removed[s] = static_cast<std::uint8_t>(removed[s] | 1U << c);
      }
    }
    detail::iteration<W> work(matrix(way), scale, std::move(rhs), std::move(removed));
    detail::lanes<W> tolerance = work.rhs_norms();
    for (double& value : tolerance) {
      value *= options.relative_residual;
    }
    std::array<std::size_t, W> used{};
    detail::lanes<W> bounds{};
    typename detail::iteration<W>::certificate proof;
    for (int attempt = 0; attempt < 4; ++attempt) {
      run(work, tolerance, used);
      proof = work.certify(steps);
      bool refine = false;
      for (std::size_t c = 0; c < batch.size(); ++c) {
        const double bound = way == direction::forward ? proof.largest[c] * most_steps : proof.weighted[c];
        const double wanted = batch[c].max_error;
        if (wanted > 0.0 && bound > wanted && (attempt == 0 || bound < 0.5 * bounds[c])) {
          tolerance[c] *= 0.1 * wanted / bound;
          refine = true;
        }
        bounds[c] = bound;
      }
      if (!refine) {
        break;
      }
    }
    const auto norms = work.norms();
    for (std::size_t c = 0; c < batch.size(); ++c) {
      if (!norms.reaches(c, (std::max)(1e-8, 2.0 * options.relative_residual) * work.rhs_norms()[c])) {
        throw std::runtime_error("the equations of the chain (" + std::to_string(n) + " states) were not solved in " +
                                 std::to_string(used[c]) +
                                 " iterations; journeys may be extremely long: raise max_iterations");
      }
      solution& result = results[c];
      result.values.resize(n);
      for (std::size_t i = 0; i < n; ++i) {
        result.values[i] = work.x(i, c);
      }
      result.residual = way == direction::forward ? proof.largest[c] : proof.weighted[c];
      result.error_bound = bounds[c];
      result.iterations = used[c];
    }
  }

  [[nodiscard]] solution solve_dense(const problem& one, direction way) {
    const std::size_t n = chain.transient_size();
    Eigen::VectorXd b = detail::const_vector(one.rhs.data(), detail::index_of(n));
    std::vector<Eigen::Index> removed;
    for (const absorbing_chain::state s : one.removed) {
      removed.push_back(static_cast<Eigen::Index>(s));
    }
    std::sort(removed.begin(), removed.end());
    removed.erase(std::unique(removed.begin(), removed.end()), removed.end());
    for (const Eigen::Index s : removed) {
      b(s) = 0.0;
    }
    Eigen::VectorXd x;
    // With K the states that stay and A the removed: (I − Q_KK)⁻¹ = N_KK − N_KA N_AA⁻¹ N_AK.
    if (way == direction::forward) {
      x = inverse * b;
      if (!removed.empty()) {
        const detail::row_major block = detail::inverse_by_halves(inverse(removed, removed));
        x -= inverse(Eigen::all, removed) * (block * x(removed)).eval();
      }
    } else {
      x = inverse.transpose() * b;
      if (!removed.empty()) {
        const detail::row_major block = detail::inverse_by_halves(inverse(removed, removed));
        x -= inverse(removed, Eigen::all).transpose() * (block.transpose() * x(removed)).eval();
      }
    }
    for (const Eigen::Index s : removed) {
      x(s) = 0.0;
    }

    std::vector<std::uint8_t> mask(n);
    for (const Eigen::Index s : removed) {
      mask[static_cast<std::size_t>(s)] = 1;
    }
    const sparse_rows& q = matrix(way);
    solution result;
    result.values.assign(x.data(), x.data() + n);
    double largest = 0.0;
    double weighted = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      if (mask[i] != 0) {
        continue;
      }
      const double own = result.values[i];
      const double given = b(detail::index_of(i));
      double sum = 0.0;
      double size = std::abs(own) + std::abs(given);
      for (std::size_t e = q.offsets[i]; e < q.offsets[i + 1]; ++e) {
        sum += q.values[e] * result.values[q.columns[e]];
        size += q.values[e] * std::abs(result.values[q.columns[e]]);
      }
      const double rounding = static_cast<double>(q.offsets[i + 1] - q.offsets[i] + 3) * 0x1p-53;
      const double r = std::abs(given - own + sum) + rounding * size;
      largest = (std::max)(largest, r);
      weighted += r * steps[i];
    }
    result.residual = way == direction::forward ? largest : weighted;
    result.error_bound = way == direction::forward ? largest * most_steps : weighted;
    return result;
  }

  void check(const problem& one) const {
    if (one.rhs.size() != chain.transient_size()) {
      throw std::logic_error("a right-hand side has " + std::to_string(one.rhs.size()) + " entries, the chain " +
                             std::to_string(chain.transient_size()) + " states");
    }
    for (const double value : one.rhs) {
      if (!std::isfinite(value)) {
        throw input_error("a right-hand side of the chain's equations is not finite");
      }
    }
    for (const absorbing_chain::state s : one.removed) {
      if (s >= chain.transient_size()) {
        throw input_error("state " + std::to_string(s) + " cannot be removed; transient states run from 0 to " +
                          std::to_string(chain.transient_size() - 1));
      }
    }
  }
};

KLANTREIS_INLINE transient_solver::transient_solver(const absorbing_chain& chain, const solver_options& options)
    : data_(std::make_unique<state_data>(chain, options)) {
  state_data& d = *data_;
  const std::size_t n = chain.transient_size();
  d.dense = options.method == solver_method::dense ||
            (options.method == solver_method::automatic && n <= options.dense_states);
  if (d.dense) {
    d.inverse = detail::inverse_of(chain.within());
    const Eigen::VectorXd sums = d.inverse.rowwise().sum();
    if (!d.accept_steps({sums.data(), sums.data() + n})) {
      throw std::runtime_error(
          "the equations of the chain cannot be solved in double precision: a journey would take " +
          std::to_string(sums.maxCoeff()) + " steps on average");
    }
    return;
  }
  d.scale.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    d.scale[i] = 1.0 / (1.0 - chain.within().at(i, i));
  }
  const std::vector<double> ones(n, 1.0);
  detail::lanes<1> tolerance{};
  detail::iteration<1> work(chain.within(), d.scale, ones, std::vector<std::uint8_t>(n));
  bool accepted = false;
  for (double relative = 1e-4; !accepted; relative *= 1e-3) {
    if (relative < 1e-14) {
      throw std::runtime_error("the equations of the chain (" + std::to_string(n) +
                               " states) were not solved; journeys may be extremely long: raise max_iterations");
    }
    tolerance[0] = relative * work.rhs_norms()[0];
    std::array<std::size_t, 1> used{};
    d.run(work, tolerance, used);
    std::vector<double> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = work.x(i, 0);
    }
    accepted = d.accept_steps(std::move(y));
  }
}

KLANTREIS_INLINE transient_solver::~transient_solver() = default;
KLANTREIS_INLINE transient_solver::transient_solver(transient_solver&&) noexcept = default;
KLANTREIS_INLINE transient_solver& transient_solver::operator=(transient_solver&&) noexcept = default;

KLANTREIS_INLINE const absorbing_chain& transient_solver::chain() const noexcept { return data_->chain; }

KLANTREIS_INLINE bool transient_solver::is_dense() const noexcept { return data_->dense; }

KLANTREIS_INLINE const std::vector<double>& transient_solver::steps_bound() const noexcept { return data_->steps; }

KLANTREIS_INLINE dense_matrix transient_solver::fundamental_matrix() const {
  const std::size_t n = data_->chain.transient_size();
  const detail::row_major made = data_->dense ? detail::row_major() : detail::inverse_of(data_->chain.within());
  const detail::row_major& inverse = data_->dense ? data_->inverse : made;
  dense_matrix result(n, n);
  std::copy(inverse.data(), inverse.data() + n * n, result.values.begin());
  return result;
}

KLANTREIS_INLINE transient_solver::solution transient_solver::solve(const problem& one, direction way) const {
  solution result;
  solve({&one, 1}, way, [&](std::size_t, solution&& found) { result = std::move(found); });
  return result;
}

KLANTREIS_INLINE void transient_solver::solve(std::span<const problem> problems, direction way,
                                              const std::function<void(std::size_t, solution&&)>& use) const {
  for (const problem& one : problems) {
    data_->check(one);
  }
  if (data_->dense) {
    for (std::size_t k = 0; k < problems.size(); ++k) {
      use(k, data_->solve_dense(problems[k], way));
    }
    return;
  }
  constexpr std::size_t width = 8;
  std::vector<solution> results(width);
  for (std::size_t begin = 0; begin < problems.size(); begin += width) {
    const auto batch = problems.subspan(begin, (std::min)(width, problems.size() - begin));
    if (batch.size() == 1) {
      data_->solve_batch<1>(batch, way, results);
    } else if (batch.size() <= 4) {
      data_->solve_batch<4>(batch, way, results);
    } else {
      data_->solve_batch<width>(batch, way, results);
    }
    for (std::size_t k = 0; k < batch.size(); ++k) {
      use(begin + k, std::move(results[k]));
    }
  }
}

}  // namespace klantreis
