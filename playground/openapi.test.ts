/** @file Holds the playground and the real client against Discord's OpenAPI file, both ways. */
import { existsSync } from 'node:fs';
import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  CheckboxBuilder,
  CheckboxGroupBuilder,
  ContainerBuilder,
  EmbedBuilder,
  FileBuilder,
  FileUploadBuilder,
  LabelBuilder,
  MediaGalleryBuilder,
  MessageFlags,
  ModalBuilder,
  RadioGroupBuilder,
  SectionBuilder,
  SeparatorBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextDisplayBuilder,
  TextInputBuilder,
  TextInputStyle,
  ThumbnailBuilder,
  UserSelectMenuBuilder,
} from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOpenApiValidator } from './openapi.ts';
import type { Stage } from './test-bot.ts';
import { startStage } from './test-bot.ts';
import { png } from './test-picture.ts';
import type { WireValidator } from './violations.ts';

const file = '../shared/data/discord/openapi.json';
const isThere = existsSync(file);

test.runIf(process.env.CI === 'true')('has the OpenAPI file where tests must not skip', () => {
  expect(isThere, `${file} is missing`).toBe(true);
});

describe.skipIf(!isThere)(`the wire as ${file} describes it${isThere ? '' : ' (absent)'}`, () => {
  let stage: Stage;
  let validator: WireValidator;
  beforeAll(async () => {
    validator = createOpenApiValidator(file);
    stage = await startStage({ validate: validator });
  });
  afterAll(async () => {
    await stage.close();
  });

  beforeEach(() => {
    stage.playground.violations.length = 0;
  });

  test('names what is wrong in requests and answers', () => {
    const route = ['POST', '/channels/123456789012345678/messages'] as const;
    expect(validator.validateRequest(...route, { content: 'fine' })).toEqual([]);
    expect(validator.validateRequest(...route, { content: 5 })[0]?.pointer).toBe('/content');
    const deep = { components: [{ type: 1, components: [{ type: 2, style: 9, label: 'x' }] }] };
    expect(validator.validateRequest(...route, deep)[0]?.pointer).toBe(
      '/components/0/components/0/style',
    );
    expect(validator.validateResponse(...route, 200, { id: 'x' })).not.toEqual([]);
    expect(validator.validateResponse('GET', '/users/@me', 500, {})[0]?.message).toContain(
      'not described',
    );
    expect(validator.validateRequest('GET', '/nowhere', undefined)[0]?.message).toContain(
      'not in the OpenAPI file',
    );
    const callback = '/interactions/123456789012345678/t/callback';
    expect(validator.validateRequest('POST', callback, { type: 9, data: {} })).not.toEqual([]);
  });

  test('answers a request that breaks the file with 400 and records it', async () => {
    const { client, playground } = stage;
    const refused = client.rest.post(`/channels/${playground.channel.id}/messages`, {
      body: { content: { not: 'text' } },
    });
    await expect(refused).rejects.toMatchObject({ status: 400, code: 50035 });
    expect(playground.violations).toMatchObject([
      { by: 'bot', problems: [{ pointer: '/content' }] },
    ]);
  });

  test('fits for commands of every option type', async () => {
    const { client, playground } = stage;
    const command = new SlashCommandBuilder()
      .setName('all')
      .setDescription('All options')
      .addStringOption((option) =>
        option.setName('choice').setDescription('d').addChoices({ name: 'A', value: 'a' }),
      )
      .addStringOption((option) =>
        option.setName('typed').setDescription('d').setAutocomplete(true),
      )
      .addIntegerOption((option) => option.setName('int').setDescription('d').setMaxValue(9))
      .addNumberOption((option) => option.setName('num').setDescription('d'))
      .addBooleanOption((option) => option.setName('bool').setDescription('d'))
      .addUserOption((option) => option.setName('user').setDescription('d'))
      .addChannelOption((option) => option.setName('channel').setDescription('d'))
      .addRoleOption((option) => option.setName('role').setDescription('d'))
      .addAttachmentOption((option) =>
        option.setName('photo').setDescription('d').setFileTypes('image'),
      );
    const nested = new SlashCommandBuilder().setName('tree').setDescription('d');
    nested.addSubcommandGroup((group) =>
      group
        .setName('group')
        .setDescription('d')
        .addSubcommand((leaf) => leaf.setName('leaf').setDescription('d')),
    );
    await client.application.commands.set([command.toJSON(), nested.toJSON()]);
    await client.application.commands.set([command.toJSON()], playground.guild.id);
    await client.application.commands.fetch({ guildId: playground.guild.id });
    const single = await client.application.commands.create({ name: 'one', description: 'd' });
    await single.edit({ description: 'e' });
    await single.delete();
    const user = playground.user('ben').id;
    stage.handle(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      if (interaction.commandName === 'tree') {
        await interaction.reply(interaction.options.getSubcommand());
        return;
      }
      const { options } = interaction;
      const picked = options.getUser('user', true).username;
      const rest = [options.getInteger('int'), options.getRole('role')?.name, picked];
      await interaction.reply({ content: rest.join(' '), withResponse: true });
    });
    const outcome = await playground.command({
      user: 'ada',
      name: 'all',
      options: {
        choice: 'a',
        int: 3,
        num: 0.5,
        bool: true,
        user,
        channel: playground.channel.id,
        role: playground.guild.id,
      },
    });
    expect(outcome.message?.content).toBe('3 @everyone ben');
    const leaf = { user: 'ada', name: 'tree', subcommandGroup: 'group', subcommand: 'leaf' };
    expect((await playground.command(leaf)).message?.content).toBe('leaf');
    expect(playground.violations).toEqual([]);
  });

  test('fits for V2 cards, embeds, replies and edits with files', async () => {
    const { client, playground } = stage;
    const channel = await client.channels.fetch(playground.channel.id);
    if (!channel?.isSendable()) throw new Error('not sendable');
    const files = [
      { attachment: png, name: 'a.png' },
      { attachment: png, name: 'b.png' },
    ];
    const button = new ButtonBuilder()
      .setCustomId('go')
      .setLabel('Go')
      .setStyle(ButtonStyle.Success);
    const link = new ButtonBuilder()
      .setURL('https://example.org')
      .setLabel('L')
      .setStyle(ButtonStyle.Link);
    const card = new ContainerBuilder()
      .setAccentColor(0x336699)
      .addTextDisplayComponents(new TextDisplayBuilder().setContent('# Card'))
      .addSectionComponents(
        new SectionBuilder()
          .addTextDisplayComponents(new TextDisplayBuilder().setContent('section'))
          .setThumbnailAccessory(new ThumbnailBuilder({ media: { url: 'attachment://a.png' } })),
      )
      .addSeparatorComponents(new SeparatorBuilder())
      .addMediaGalleryComponents(
        new MediaGalleryBuilder().addItems({
          media: { url: 'attachment://a.png' },
          description: 'alt',
        }),
      )
      .addFileComponents(new FileBuilder().setURL('attachment://b.png'))
      .addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(button, link));
    const sent = await channel.send({
      components: [card],
      files,
      flags: MessageFlags.IsComponentsV2,
    });
    expect(sent.attachments.size).toBe(0);
    await sent.edit({ components: [new TextDisplayBuilder().setContent('done')], attachments: [] });
    const embed = new EmbedBuilder().setTitle('E').setImage('attachment://a.png').setTimestamp();
    const plain = await channel.send({ embeds: [embed], files: files.slice(0, 1) });
    const reply = await plain.reply({ content: `hi <@${playground.users.ada?.id}>` });
    await reply.edit({ content: 'x', files: files.slice(1) });
    await channel.messages.fetch({ limit: 5 });
    await reply.delete();
    expect(playground.violations).toEqual([]);
  });

  test('fits for a modal of every field, and for what follows it', async () => {
    const { playground } = stage;
    const modal = new ModalBuilder().setCustomId('all').setTitle('All');
    const option = (name: string) => ({ label: name, value: name });
    const label = (name: string) => new LabelBuilder().setLabel(name);
    modal.addLabelComponents(
      label('files').setFileUploadComponent(
        new FileUploadBuilder().setCustomId('files').setMaxValues(10).setFileTypes('image'),
      ),
      label('radio').setRadioGroupComponent(
        new RadioGroupBuilder().setCustomId('radio').addOptions(option('cat'), option('dog')),
      ),
      label('group').setCheckboxGroupComponent(
        new CheckboxGroupBuilder().setCustomId('group').addOptions(option('consent')),
      ),
      label('who').setUserSelectMenuComponent(
        new UserSelectMenuBuilder().setCustomId('who').setRequired(false),
      ),
      label('name').setTextInputComponent(
        new TextInputBuilder().setCustomId('name').setStyle(TextInputStyle.Short).setMaxLength(9),
      ),
    );
    const menu = new StringSelectMenuBuilder().setCustomId('menu').addOptions(option('one'));
    stage.handle(async (interaction) => {
      if (interaction.isChatInputCommand()) return interaction.showModal(modal);
      if (interaction.isStringSelectMenu()) {
        const more = new ModalBuilder().setCustomId('more').setTitle('More');
        more.addLabelComponents(
          label('dm').setCheckboxComponent(new CheckboxBuilder().setCustomId('dm')),
        );
        return interaction.showModal(more);
      }
      if (!interaction.isModalSubmit()) return;
      if (interaction.customId === 'more' && interaction.isFromMessage()) {
        await interaction.deferUpdate();
        await interaction.editReply(`dm ${interaction.fields.getCheckbox('dm')}`);
        await interaction.deleteReply();
        return;
      }
      await interaction.deferReply();
      const { fields } = interaction;
      const parts = [fields.getRadioGroup('radio'), fields.getCheckboxGroup('group')];
      const who = fields.getSelectedUsers('who')?.first()?.username;
      await interaction.fetchReply();
      const row = new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(menu);
      await interaction.editReply({ content: [...parts, who].join(), components: [row] });
      const more = await interaction.followUp({ content: 'm', flags: MessageFlags.Ephemeral });
      await interaction.deleteReply(more);
    });
    await playground.command({ user: 'ada', name: 'all' });
    const outcome = await playground.modal({
      user: 'ada',
      customId: 'all',
      values: {
        radio: 'dog',
        group: ['consent'],
        who: playground.user('ben').id,
        name: 'Tom',
      },
      files: { files: [{ name: 'a.png', bytes: png }] },
      until: 'settled',
    });
    expect(outcome.message?.content).toBe('dog,consent,ben');
    const message = outcome.message?.id ?? '';
    await playground.click({ user: 'ada', message, customId: 'menu', values: ['one'] });
    await playground.modal({ user: 'ada', customId: 'more', values: { dm: true } });
    await expect.poll(() => playground.world.messages.has(message)).toBe(false);
    expect(stage.errors).toEqual([]);
    expect(playground.violations).toEqual([]);
  });

  test('fits for everything that is only read, and for refusals', async () => {
    const { client, playground } = stage;
    const guild = await client.guilds.fetch({ guild: playground.guild.id, force: true });
    await guild.members.fetch({ user: playground.user('ben').id, force: true });
    await guild.roles.fetch();
    await guild.channels.fetch();
    await client.application.fetch();
    await client.users.fetch(playground.user('cleo').id, { force: true });
    await client.users.send(playground.user('cleo').id, 'hello');
    await client.channels.fetch(playground.channel.id, { force: true });
    const failure = client.users.fetch('123456789012345678');
    await expect(failure).rejects.toMatchObject({ code: 10013 });
    expect(playground.violations).toEqual([]);
  });
});
