/** Does something as a person; throws with what the world says when it will not. */
export const act = async (name: string, body: object = {}): Promise<any> => {
  const response = await fetch(`/api/act/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`);
  return answer;
};

/** As `act`, for what goes to the bot: throws also when the bot did not take it. */
export const actForBot = async (name: string, body: object): Promise<any> => {
  const answer = await act(name, body);
  if (answer.status !== undefined && answer.status !== 200)
    throw new Error(
      answer.status === 0
        ? 'Mayday did not answer within three seconds. What you asked for may still happen.'
        : `Mayday refused it (HTTP ${answer.status}).`,
    );
  return answer;
};
