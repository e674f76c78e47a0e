/** Who is speaking on a port: what the first bytes of a connection tell, and what to tell those who meant another port. */
import { AlchemistError } from '../errors.js';

/** This protocol, the legacy Alchemist clients, and those who came by mistake. */
export type Speaker = 'native' | 'legacy' | 'http' | 'tls' | 'unknown';

/** The first two characters of HTTP's methods, of its responses, and of the preface of HTTP/2. */
const HTTP = new Set(['GE', 'HE', 'PO', 'PU', 'DE', 'CO', 'OP', 'TR', 'PA', 'PR', 'HT']);

/** Who sends a stream that begins with these bytes; undefined when they are too few: two are needed. */
export function sniff(bytes: Uint8Array): Speaker | undefined {
  if (bytes.length < 2) return undefined;
  const [a, b] = bytes;
  if (a === 0x41 && b === 0x4c) return 'native';
  if (a === 0 && b === 0) return 'legacy';
  if (a === 0x16 && b === 3) return 'tls';
  return HTTP.has(String.fromCharCode(a, b)) ? 'http' : 'unknown';
}

const CAME: Readonly<Record<Speaker, string>> = {
  native: 'this protocol',
  legacy: 'a legacy Alchemist message',
  http: 'HTTP',
  tls: 'a TLS handshake',
  unknown: 'bytes of no protocol that is known here',
};

const HINTS: Readonly<Record<Speaker, string | undefined>> = {
  native: undefined,
  legacy: 'legacy clients begin with a handshake to the driver, on a connection of their own',
  http: 'this port speaks the Alchemist protocol, not HTTP: connect with an Alchemist client, alchemist://host:port',
  tls: 'this port does not speak TLS: connect without it, or start the server with a certificate',
  unknown: 'is this the port of an Alchemist server, and do both sides agree on TLS?',
};

/** The error for a connection that begins with something else than a frame. E_PROTOCOL. */
export function foreign(bytes: Uint8Array): AlchemistError {
  const speaker = sniff(bytes) ?? 'unknown';
  const first = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return new AlchemistError('E_PROTOCOL', `expected a frame, which begins with 41 4c ("AL"), but got ${CAME[speaker]}: ${first}`, {
    hint: HINTS[speaker],
    fields: { speaker, first },
  });
}

/** What to answer a speaker of another protocol in its own language before its connection is closed; undefined for the others. */
export function foreignAnswer(speaker: Speaker): Uint8Array | undefined {
  if (speaker === 'tls') return Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40); // alert: fatal, handshake_failure
  if (speaker !== 'http') return undefined;
  const body = `400 Bad Request: ${HINTS.http}\n`;
  const head = ['HTTP/1.1 400 Bad Request', 'Content-Type: text/plain', `Content-Length: ${body.length}`, 'Connection: close'];
  return new TextEncoder().encode(`${head.join('\r\n')}\r\n\r\n${body}`);
}
