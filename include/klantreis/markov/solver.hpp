// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "klantreis/markov/absorbing_chain.hpp"

namespace klantreis {

/// How the equations of a chain are solved.
enum class solver_method : std::uint8_t {
  automatic,     ///< dense up to `dense_states`, iterative beyond
  dense,         ///< one inverse, and for removed states a block of it
  bicgstab,      ///< eight right-hand sides at once; few iterations even for long journeys
  gauss_seidel,  ///< eight right-hand sides at once; least memory, best where journeys are short
};

struct solver_options {
  solver_method method = solver_method::automatic;
  std::size_t dense_states = 300;       ///< `automatic` is dense up to so many states
  double relative_residual = 1e-13;     ///< of the iterative methods, in the 2-norm
  std::size_t max_iterations = 20'000;  ///< per right-hand side; sweeps of Gauss-Seidel count as one each
};

/// The largest chain whose inverse is made: 128 MiB.
inline constexpr std::size_t max_dense_states = 4'000;

/// Solves (I − Q) x = b, and its transpose, with any set of states removed.
///
/// Removing a state makes every journey that comes there end without reward: its row and column of Q, and its entry of
/// b and x, are 0. With b = the probabilities of converting at once, x is P(conversion) from each state; with b = 1 at
/// the start, the transposed solution is the expected visits of each state.
///
/// Each solution carries a bound on its error that does not trust the method that found it: I − Q is an M-matrix, so
/// |x − x*| ≤ ‖residual‖∞ · (I − Q)⁻¹1, and a verified upper bound y ≥ (I − Q)⁻¹1 (the expected number of steps) is
/// kept. Removing states only makes the inverse smaller, so one y serves all. What rounding adds to a residual is
/// counted in. For M-matrices see Berman and Plemmons 1994, chapter 6, doi:10.1137/1.9781611971262; for BiCGSTAB van
/// der Vorst 1992, doi:10.1137/0913035.
///
/// The chain must outlive the solver. Concurrent solves are safe.
class transient_solver {
 public:
  /// One right-hand side with the states that are removed for it.
  struct problem {
    std::span<const double> rhs;
    std::span<const absorbing_chain::state> removed = {};
    /// When positive, the solution is refined until its error bound is below this, or rounding forbids more.
    double max_error = 0.0;
  };

  struct solution {
    std::vector<double> values;
    /// ‖residual‖∞ with its rounding (forward), or Σ |residual_i| y_i (transposed).
    double residual = 0.0;
    /// Forward: at least the largest |x − x*|. Transposed: at least Σ |x − x*|.
    double error_bound = 0.0;
    std::size_t iterations = 0;
  };

  enum class direction : std::uint8_t { forward, transposed };

  /// \throws limit_error when `dense` is asked for more than `max_dense_states` states.
  explicit transient_solver(const absorbing_chain& chain, const solver_options& options = {});
  ~transient_solver();
  transient_solver(transient_solver&&) noexcept;
  transient_solver& operator=(transient_solver&&) noexcept;

  [[nodiscard]] const absorbing_chain& chain() const noexcept;
  [[nodiscard]] bool is_dense() const noexcept;

  /// Upper bounds on the expected number of steps from each state, itself counted; forward, x_i is off by at most
  /// `residual · steps_bound()[i]`.
  [[nodiscard]] const std::vector<double>& steps_bound() const noexcept;

  /// (I − Q)⁻¹. \throws limit_error above `max_dense_states` states.
  [[nodiscard]] dense_matrix fundamental_matrix() const;

  [[nodiscard]] solution solve(const problem& one, direction way = direction::forward) const;

  /// Solves many problems, eight at a time, and hands each solution over in the order of the problems, so that they
  /// need not all be held.
  void solve(std::span<const problem> problems, direction way,
             const std::function<void(std::size_t, solution&&)>& use) const;

 private:
  struct state_data;
  std::unique_ptr<state_data> data_;
};

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/solver.ipp"
#endif
