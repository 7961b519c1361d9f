#include "base/process_place.h"

#include <gtest/gtest.h>

#include <map>

namespace idiolect {
namespace {

Result<ProcessPlace> Place(const std::map<std::string, std::string>& set) {
  return PlaceOfProcess([&](const char* name) -> const char* {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

TEST(ProcessPlaceTest, AloneWhereNothingIsSaid) {
  EXPECT_TRUE(Place({})->alone());
  EXPECT_TRUE(Place({{"RANK", "0"}, {"WORLD_SIZE", "1"}})->alone());
  EXPECT_TRUE(Place({{"RANK", "3"}})->alone());
}

TEST(ProcessPlaceTest, TorchrunAndMpirunSayIt) {
  const auto torchrun = Place({{"RANK", "1"},
                               {"WORLD_SIZE", "4"},
                               {"MASTER_ADDR", "10.0.0.1"},
                               {"MASTER_PORT", "29500"},
                               {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  ASSERT_TRUE(torchrun);
  EXPECT_EQ(torchrun->rank, 1);
  EXPECT_EQ(torchrun->count, 4);
  EXPECT_FALSE(torchrun->first());
  EXPECT_EQ(torchrun->address, "10.0.0.1");
  EXPECT_EQ(torchrun->port, 29501);
  const auto mpirun = Place({{"OMPI_COMM_WORLD_RANK", "0"},
                             {"OMPI_COMM_WORLD_SIZE", "2"},
                             {"MASTER_ADDR", "::1"},
                             {"MASTER_PORT", "29500"}});
  ASSERT_TRUE(mpirun);
  EXPECT_TRUE(mpirun->first());
  EXPECT_EQ(mpirun->count, 2);
  EXPECT_EQ(mpirun->port, 29500);
}

TEST(ProcessPlaceTest, NonsenseIsNamed) {
  EXPECT_EQ(Place({{"RANK", "2"}, {"WORLD_SIZE", "2"}}).error().message,
            "finding this process's place: RANK is \"2\" and WORLD_SIZE is \"2\"");
  EXPECT_FALSE(Place({{"RANK", "x"}, {"WORLD_SIZE", "2"}}));
  EXPECT_EQ(Place({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}).error().message,
            "finding the first of 2 processes: MASTER_ADDR and MASTER_PORT do not say where it "
            "listens");
}

}  // namespace
}  // namespace idiolect
