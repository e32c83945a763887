/**
 * World seconds for which a message waits for the service that carries it: longer than most outages of a chat or a status
 * page, and short enough that nobody is told yesterday's news.
 */
export const noticePatienceSeconds = 6 * 3600;
