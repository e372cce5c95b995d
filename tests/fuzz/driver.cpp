// SPDX-License-Identifier: MIT
// Stands in for libFuzzer where only g++ is at hand: the files of a folder, then random inputs of a fixed seed.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using bytes = std::vector<std::uint8_t>;

bytes read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bytes random_input(std::mt19937& random) {
  const std::size_t longest = random() % 16 == 0 ? 2000 : 64;
  bytes input(random() % (longest + 1));
  // Few distinct values make equal names, equal times and long runs likely, where most faults hide.
  const std::uint32_t values = random() % 2 == 0 ? 256 : 8;
  for (auto& byte : input) {
    byte = static_cast<std::uint8_t>(random() % values);
  }
  return input;
}

bool survives(const bytes& input, const std::string& name) {
  try {
    LLVMFuzzerTestOneInput(input.data(), input.size());
    return true;
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  if (argc > 1 && std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator{argv[1]}) {
      ++count;
      if (!survives(read_file(entry.path()), entry.path().string())) {
        return 1;
      }
    }
  }
  std::mt19937 random{20240501};
  constexpr int random_inputs = 3000;
  for (int i = 0; i < random_inputs; ++i) {
    if (!survives(random_input(random), "random input " + std::to_string(i))) {
      return 1;
    }
  }
  std::cout << count << " files and " << random_inputs << " random inputs\n";
}
