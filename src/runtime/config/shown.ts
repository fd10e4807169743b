/**
 * What a message may show of a text that somebody wrote. A URL in the wrong place holds a password, a binary file
 * what a terminal obeys: the one is masked, the other escaped, and what is long is cut.
 */
const MAX_LENGTH = 40;

export function shown(text: string): string {
  const masked = escapeControls(
    text
      .replace(/:\/\/.*$/s, '://***')
      // A login without a scheme: user:password@host.
      .replace(/^.*:.*@/s, '***@'),
  );
  return masked.length > MAX_LENGTH ? `${masked.slice(0, MAX_LENGTH - 1)}…` : masked;
}

/** Control characters, and those that turn the direction of writing or cannot be seen, as `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The last guard of a whole message, whoever wrote it: no login inside a URL, nothing that a terminal obeys. */
export function safeMessage(message: string): string {
  return escapeControls(message.replace(/:\/\/[^\s`]*@/g, '://***@'));
}
