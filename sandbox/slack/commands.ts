import { type ActsWorld, createPeople } from './people.ts';

export interface TypedCommand {
  user: string;
  channel: string;
  command: string;
  text?: string;
  tamper?: any;
  redeliver?: boolean;
  altered?: Record<string, any>;
}

/** A slash command, and what the bot answers to it at once. */
export const createCommand = ({ workspace, triggers, delivery, responseUrl }: ActsWorld) => {
  const people = createPeople(workspace);
  return async (body: TypedCommand) => {
    const user = people.person(body.user);
    const channel = people.place(body.channel);
    const payload = {
      token: 'deprecated',
      team_id: user.team_id,
      team_domain: workspace.team.domain,
      channel_id: channel.id,
      channel_name: people.channelName(channel),
      user_id: user.id,
      user_name: user.name,
      command: body.command,
      text: body.text ?? '',
      api_app_id: workspace.appId,
      is_enterprise_install: 'false',
      response_url: responseUrl(channel.id, user.id),
      trigger_id: triggers.create(user.id),
    };
    const answer = await delivery.send('slash_commands', payload, body);
    const said = typeof answer.body === 'string' ? { text: answer.body } : (answer.body ?? {});
    if (answer.status === 200 && (said.text || said.blocks)) {
      const shown = {
        text: said.text ?? '',
        blocks: said.blocks === undefined ? undefined : workspace.withBlockIds(said.blocks),
      };
      if (said.response_type === 'in_channel') workspace.addMessage(channel, { user: workspace.bot.user, ...shown });
      else workspace.addEphemeral({ channel: channel.id, user: user.id, ...shown });
    }
    return answer;
  };
};
