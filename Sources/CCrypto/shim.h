#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

// The short name of a key's type, such as ED25519.
static inline const char *tern_key_kind(const EVP_PKEY *key) {
    return OBJ_nid2sn(EVP_PKEY_base_id(key));
}

// An Ed25519 key from its 32 private bytes.
static inline EVP_PKEY *tern_ed25519_private(const unsigned char *bytes) {
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, 32);
}

// An Ed25519 key from its 32 public bytes.
static inline EVP_PKEY *tern_ed25519_public(const unsigned char *bytes) {
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, 32);
}
