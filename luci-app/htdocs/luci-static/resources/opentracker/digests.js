'use strict';
'require baseclass';

/* SHA-1 and SHA-256. The browser's own exist only on https, which most routers' pages are not on. */

/* The first 32 bits behind the point of a number. */
function fraction(n) {
	return (n - Math.floor(n)) * 0x100000000 | 0;
}

function primes(count) {
	const found = [];
	for (let n = 2; found.length < count; n++)
		if (found.every(prime => n % prime))
			found.push(n);
	return found;
}

const SHA1_START = [ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 ];
const SHA256_START = primes(8).map(prime => fraction(Math.sqrt(prime)));
const SHA256_ROUNDS = Int32Array.from(primes(64), prime => fraction(Math.cbrt(prime)));

/* Both digest blocks of 64 bytes, the last filled up with the length of all. */
function digest(bytes, start, addBlock) {
	const state = Int32Array.from(start);
	const words = new Int32Array(80);
	const whole = bytes.length - bytes.length % 64;
	const rest = new Uint8Array(bytes.length - whole < 56 ? 64 : 128);

	rest.set(bytes.subarray(whole));
	rest[bytes.length - whole] = 0x80;
	new DataView(rest.buffer).setUint32(rest.length - 8, Math.floor(bytes.length / 0x20000000));
	new DataView(rest.buffer).setUint32(rest.length - 4, bytes.length << 3);

	for (const part of [ bytes.subarray(0, whole), rest ])
		for (let at = 0; at < part.length; at += 64) {
			for (let i = 0; i < 16; i++) {
				const byte = at + 4 * i;
				words[i] = part[byte] << 24 | part[byte + 1] << 16 | part[byte + 2] << 8 | part[byte + 3];
			}
			addBlock(state, words);
		}
	return Array.from(state, word => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function addSha1Block(state, words) {
	for (let i = 16; i < 80; i++) {
		const word = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
		words[i] = word << 1 | word >>> 31;
	}

	let [ a, b, c, d, e ] = state;
	for (let i = 0; i < 80; i++) {
		let mixed;
		if (i < 20)
			mixed = (b & c | ~b & d) + 0x5a827999;
		else if (i < 40)
			mixed = (b ^ c ^ d) + 0x6ed9eba1;
		else if (i < 60)
			mixed = (b & c | b & d | c & d) + 0x8f1bbcdc;
		else
			mixed = (b ^ c ^ d) + 0xca62c1d6;
		mixed = (a << 5 | a >>> 27) + mixed + e + words[i] | 0;
		e = d;
		d = c;
		c = b << 30 | b >>> 2;
		b = a;
		a = mixed;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

function addSha256Block(state, words) {
	for (let i = 16; i < 64; i++) {
		const early = words[i - 15];
		const late = words[i - 2];
		const low = (early >>> 7 | early << 25) ^ (early >>> 18 | early << 14) ^ early >>> 3;
		const high = (late >>> 17 | late << 15) ^ (late >>> 19 | late << 13) ^ late >>> 10;
		words[i] = words[i - 16] + low + words[i - 7] + high;
	}

	let [ a, b, c, d, e, f, g, h ] = state;
	for (let i = 0; i < 64; i++) {
		const high = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
		const low = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
		const first = h + high + (e & f ^ ~e & g) + SHA256_ROUNDS[i] + words[i] | 0;
		const second = low + (a & b ^ a & c ^ b & c) | 0;
		h = g;
		g = f;
		f = e;
		e = d + first | 0;
		d = c;
		c = b;
		b = a;
		a = first + second | 0;
	}
	[ a, b, c, d, e, f, g, h ].forEach((word, i) => state[i] += word);
}

/* Each takes a Uint8Array and returns lower-case hex digits. */
return baseclass.extend({
	sha1: bytes => digest(bytes, SHA1_START, addSha1Block),
	sha256: bytes => digest(bytes, SHA256_START, addSha256Block)
});
