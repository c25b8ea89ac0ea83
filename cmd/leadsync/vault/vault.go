// Package vault encrypts what leadsync keeps of an account's credentials in its database (AES-256-GCM). Who
// has the database alone, or a backup of it, has no token.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// HowToMake is the command that makes a key.
const HowToMake = "openssl rand -base64 32"

var (
	// ErrOtherKey means that what is stored was encrypted with a key that is not at hand.
	ErrOtherKey = errors.New("encrypted with another key")
	// ErrDamaged means that what is stored is not what was encrypted, or belongs to another account.
	ErrDamaged = errors.New("damaged, or moved here from another account")
)

const (
	keyBytes = 32
	format   = 1 // first byte of what is sealed
	purpose  = "leadsync credential"
)

// Key is one key. It prints as its id.
type Key struct {
	id   string
	aead cipher.AEAD
}

// ParseKey reads a key of 32 bytes in base64, with or without padding, of either alphabet. Its error does not
// repeat the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) != keyBytes {
		return Key{}, fmt.Errorf("the credentials key is not %d bytes in base64; make one with: %s", keyBytes, HowToMake)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Key{}, fmt.Errorf("make cipher: %w", err)
	}
	// The id tells keys apart and gives nothing of them away.
	sum := sha256.Sum256(append([]byte(purpose+" key id\x00"), raw...))
	return Key{id: hex.EncodeToString(sum[:6]), aead: aead}, nil
}

// ID names the key; it is no secret.
func (k Key) ID() string { return k.id }

// String gives the id.
func (k Key) String() string { return "key " + k.id }

// Vault encrypts with one key and decrypts with that and with previous ones.
type Vault struct {
	current Key
	keys    map[string]Key
}

// New makes a vault. Previous keys open what they once encrypted; nothing new is encrypted with them.
func New(current Key, previous ...Key) (*Vault, error) {
	v := &Vault{current: current, keys: map[string]Key{current.id: current}}
	for _, k := range append(previous, current) {
		if k.aead == nil {
			return nil, errors.New("make vault: a key is missing")
		}
		v.keys[k.id] = k
	}
	return v, nil
}

// KeyID names the key that Seal encrypts with; it is no secret.
func (v *Vault) KeyID() string { return v.current.id }

// Seal encrypts what belongs to an account; only for that account can it be opened. It gives the id of the key.
func (v *Vault) Seal(account string, plain []byte) (sealed []byte, keyID string, err error) {
	nonce := make([]byte, v.current.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, "", fmt.Errorf("seal: %w", err)
	}
	head := append([]byte{format}, nonce...)
	return v.current.aead.Seal(head, nonce, plain, bind(account, v.current.id)), v.current.id, nil
}

// Open decrypts. ErrOtherKey names the key that is needed; ErrDamaged.
func (v *Vault) Open(account string, sealed []byte, keyID string) ([]byte, error) {
	key, ok := v.keys[keyID]
	if !ok {
		return nil, fmt.Errorf("open: %w: it needs key %s, at hand is key %s; name that key as credentials_key or as "+
			"previous_credentials_key, or run `leadsync connect` again", ErrOtherKey, keyID, v.current.id)
	}
	size := key.aead.NonceSize()
	if len(sealed) < 1+size || sealed[0] != format {
		return nil, fmt.Errorf("open: %w; run `leadsync connect` again", ErrDamaged)
	}
	plain, err := key.aead.Open(nil, sealed[1:1+size], sealed[1+size:], bind(account, keyID))
	if err != nil {
		return nil, fmt.Errorf("open: %w; run `leadsync connect` again", ErrDamaged)
	}
	return plain, nil
}

// bind is what is authenticated beside the text: where it belongs.
func bind(account, keyID string) []byte {
	return []byte(strings.Join([]string{purpose, account, keyID}, "\x00"))
}
