/** Where Slack hands out addresses for answers and for files; of its government's cloud as well. */
const slackHosts = /^(?:[a-z0-9-]+\.)*slack(?:-gov)?\.com$/;

/**
 * Whether an address that came with a request may be called. Whoever can sign a request could otherwise aim Mayday at what
 * only it can reach: so Slack's own hosts over https, or where the settings say that Slack's API is.
 */
export const isOfSlack = (url: string, apiUrl: string): boolean => {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, origin, port, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  if (protocol === 'https:' && port === '' && slackHosts.test(hostname)) return true;
  return origin === new URL(apiUrl).origin;
};
