#include "importer/message_text.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

TEST(MessageText, OnlyLinks) {
  EXPECT_TRUE(IsOnlyLinks("https://example.org/a?b=c"));
  EXPECT_TRUE(IsOnlyLinks("HTTP://EXAMPLE.ORG"));
  EXPECT_TRUE(IsOnlyLinks(" t.me/somewhere\nwww.example.org "));
  EXPECT_TRUE(IsOnlyLinks("@somebody #новости"));
  EXPECT_TRUE(IsOnlyLinks("https://example.org/a, https://example.org/b !"));
  EXPECT_FALSE(IsOnlyLinks(""));
  EXPECT_FALSE(IsOnlyLinks("  ..."));
  EXPECT_FALSE(IsOnlyLinks("смотри https://example.org"));
  EXPECT_FALSE(IsOnlyLinks("@somebody привет"));
  EXPECT_FALSE(IsOnlyLinks("http://"));
  EXPECT_FALSE(IsOnlyLinks("me@example.org"));
  EXPECT_FALSE(IsOnlyLinks("@"));
}

TEST(MessageText, BotCommands) {
  EXPECT_TRUE(IsBotCommand("/start"));
  EXPECT_TRUE(IsBotCommand("/start@some_bot now"));
  EXPECT_FALSE(IsBotCommand("/home/me"));
  EXPECT_FALSE(IsBotCommand("/ start"));
  EXPECT_FALSE(IsBotCommand("/"));
  EXPECT_FALSE(IsBotCommand(""));
  EXPECT_FALSE(IsBotCommand("start /now"));
  EXPECT_FALSE(IsBotCommand("/10 оценка"));
  EXPECT_FALSE(IsBotCommand("/start@"));
  EXPECT_FALSE(IsBotCommand("/привет"));
}

}  // namespace
}  // namespace idiolect
