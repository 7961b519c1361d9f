#include "jobs/loss_curve.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace idiolect {
namespace {

TEST(LossCurve, ReadsResultFilesByTheirHeader) {
  const std::string csv =
      "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.5,0.4,,\n2,1.5,0.5,"
      "1.75,0.5\n"
      "x,1,1,1,1\n3,,,,\n";
  for (const auto& bytes : {csv, ToBase64(csv)}) {
    const auto points = LossesOfCsv(bytes);
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].train, 2.5);
    EXPECT_FALSE(points[0].valid);
    EXPECT_EQ(points[1].valid, 1.75);
  }
  EXPECT_EQ(LossesOfCsv("step,full_valid_loss,train_loss\n7,0.5,0.25\n")[0].valid, 0.5);
  EXPECT_TRUE(LossesOfCsv("<html>").empty());
  EXPECT_TRUE(LossesOfCsv("").empty());
}

TEST(LossCurve, ReadsEvents) {
  const std::vector<JobEvent> events = {
      {1, 0, "info", "message", "hi", ""},
      {2, 0, "info", "metrics", "", R"({"step":2,"train_loss":1.0})"},
      {3, 0, "info", "metrics", "", R"({"step":1,"train_loss":2.0,"valid_loss":2.5})"},
      {4, 0, "info", "metrics", "", R"({"step":"no"})"}};
  const auto points = LossesOfEvents(events);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].step, 1);
  EXPECT_EQ(points[0].valid, 2.5);
}

TEST(LossCurve, DrawsInsideTheFrame) {
  const auto svg =
      LossCurveSvg({{1, 3.0, {}}, {5, 2.0, 2.5}, {9, 1.0, 2.0}}, "a<b", Language::kRussian);
  EXPECT_NE(svg.find("M60.0 44.0L380.0 182.0L700.0 320.0"), std::string::npos) << svg;
  EXPECT_NE(svg.find("a&lt;b"), std::string::npos);
  EXPECT_NE(svg.find("потери на обучении"), std::string::npos);
  EXPECT_EQ(LossCurveSvg({}, "x", Language::kEnglish), "");
  EXPECT_NE(LossCurveSvg({{1, 2.0, {}}}, "x", Language::kEnglish).find("M60.0"), std::string::npos);
}

}  // namespace
}  // namespace idiolect
