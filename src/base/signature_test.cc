#include "base/signature.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "base/base64.h"

namespace idiolect {
namespace {

TEST(Base64, KnowsTheVectorsOfItsRfc) {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : kVectors) {
    EXPECT_EQ(ToBase64(plain), coded);
    EXPECT_EQ(FromBase64(coded), plain);
  }
  EXPECT_EQ(ToBase64Url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(ToBase64Url("f"), "Zg");
  EXPECT_EQ(FromBase64("Zm9v\r\nYg=="), "foob");
  for (const char* bad : {"Z", "Zg=", "Zg===", "Z=g=", "Zm9v!", "-__-"}) {
    EXPECT_EQ(FromBase64(bad), std::nullopt) << bad;
  }
}

TEST(Signature, IsOneThatThePublicKeyAccepts) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  ASSERT_EQ(PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  const auto signature = SignRs256({data, static_cast<size_t>(size)}, "words");
  ASSERT_TRUE(signature) << signature.error().message;
  const auto verify = [&](const char* words) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
    return EVP_DigestVerify(context.get(),
                            reinterpret_cast<const unsigned char*>(signature->data()),
                            signature->size(), reinterpret_cast<const unsigned char*>(words), 5);
  };
  EXPECT_EQ(verify("words"), 1);
  EXPECT_NE(verify("wordz"), 1);
}

TEST(Signature, RefusesWhatIsNoKey) {
  const auto signature = SignRs256("-----BEGIN PRIVATE KEY-----\nAAAA\n", "words");
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().message, "signing: the private key is not an RSA key in PEM form");
}

}  // namespace
}  // namespace idiolect
