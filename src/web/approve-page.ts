/** What a person sees who opened a mailed link: what would be approved, and one button. */
export interface ApproveView {
  title: string;
  /** Lines of plain text. */
  lines: string[];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Nothing is loaded, framed, kept or told to other sites; the form can be sent to this server only. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const style = `body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:2rem 1rem;background:#f6f7f9;color:#16181d}
main{max-width:36rem;margin:auto;background:#fff;border:1px solid #d5d9e0;border-radius:12px;padding:1.5rem}
h1{font-size:1.25rem;margin:0 0 1rem}p{margin:.5rem 0;overflow-wrap:anywhere}
button{font:inherit;font-weight:600;margin-top:1rem;padding:.75rem 1.5rem;border:0;border-radius:8px;background:#007a5a;color:#fff}
button:focus-visible{outline:3px solid #1264a3}
@media(prefers-color-scheme:dark){body{background:#16181d;color:#eceef2}main{background:#1f2229;border-color:#3a3f4a}}`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;

/** Opening it approves nothing: mail scanners open links. */
export const approvePage = ({ title, lines }: ApproveView): string =>
  page(
    title,
    `${lines.map((line) => `<p>${escaped(line)}</p>`).join('')}<form method="post"><button type="submit">Approve</button></form>`,
  );

export const saidPage = (title: string, text: string): string => page(title, `<p>${escaped(text)}</p>`);
