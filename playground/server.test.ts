/** @file The playground stands in for Discord: login, commands, interactions and messages with the real client. */
import {
  ActionRowBuilder,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  FileUploadBuilder,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stage } from './test-bot.ts';
import { startStage } from './test-bot.ts';
import { png } from './test-picture.ts';

describe('a playground', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(async () => {
    await stage.close();
  });

  test('lets the client log in and see its guild, channel and members', () => {
    const { client, playground } = stage;
    expect(client.user.id).toBe(playground.application.botId);
    expect(client.application.id).toBe(playground.application.id);
    const guild = client.guilds.cache.get(playground.guild.id);
    expect(guild?.name).toBe('Playground');
    expect(guild?.channels.cache.get(playground.channel.id)?.name).toBe('general');
    expect(playground.application.botId).toMatch(/^\d{17,19}$/);
  });

  test('registers commands and keeps their ids over a second registration', async () => {
    const { client } = stage;
    const paint = new SlashCommandBuilder()
      .setName('paint')
      .setDescription('Paints')
      .addStringOption((option) =>
        option.setName('prompt').setDescription('What').setRequired(true).setAutocomplete(true),
      )
      .addAttachmentOption((option) => option.setName('photo').setDescription('A photo'));
    const first = await client.application.commands.set([paint.toJSON()]);
    const second = await client.application.commands.set([paint.toJSON()]);
    expect([...second.keys()]).toEqual([...first.keys()]);
    expect((await client.application.commands.fetch()).first()?.options).toHaveLength(2);
  });

  test('runs a command with a photo: deferred answer, edit with file, follow-up', async () => {
    const { playground } = stage;
    stage.handle(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      const photo = interaction.options.getAttachment('photo', true);
      const bytes = Buffer.from(await (await fetch(photo.url)).arrayBuffer());
      await interaction.editReply({
        content: `${interaction.options.getString('prompt')} ${photo.width}x${photo.height}`,
        files: [new AttachmentBuilder(bytes, { name: 'out.png', description: 'alt' })],
      });
      await interaction.followUp({
        content: 'more',
        files: [{ attachment: bytes, name: 'a.png' }],
      });
    });
    const outcome = await playground.command({
      user: 'ben',
      name: 'paint',
      options: { prompt: 'a cat' },
      files: { photo: { name: 'cat.png', bytes: png } },
      until: 'settled',
    });
    expect(outcome.callbackType).toBe(5);
    expect(outcome.ephemeral).toBe(true);
    expect(outcome.message?.content).toBe('a cat 3x2');
    expect(outcome.message?.attachments[0]).toMatchObject({
      filename: 'out.png',
      size: png.length,
      width: 3,
      description: 'alt',
    });
    const posted = await fetch(outcome.message?.attachments[0]?.url ?? '');
    expect(Buffer.from(await posted.arrayBuffer()).equals(png)).toBe(true);
    const more = await playground.waitForMessage((message) => message.content === 'more');
    expect(more.attachments[0]?.filename).toBe('a.png');
    const contents = (viewer?: string) =>
      playground.messages(viewer ? { viewer } : {}).map((message) => message.content);
    expect(contents('ben')).toContain('a cat 3x2');
    expect(contents('cleo')).not.toContain('a cat 3x2');
    expect(contents()).toEqual(['more']);
  });

  test('completes a deferred answer with the first follow-up', async () => {
    stage.handle(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.deferReply();
      await interaction.followUp('first');
      await interaction.followUp('second');
    });
    const outcome = await stage.playground.command({
      user: 'ben',
      name: 'paint',
      options: { prompt: 'x' },
      until: 'settled',
    });
    expect(outcome).toMatchObject({ loading: false, message: { content: 'first', flags: 0 } });
    await stage.playground.waitForMessage((message) => message.content === 'second');
    const later = await stage.playground.outcome(outcome.interactionId);
    expect(later.followUps.map((message) => message.content)).toEqual(['second']);
  });

  test('answers autocomplete', async () => {
    stage.handle(async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const value = interaction.options.getFocused();
      await interaction.respond([{ name: `${value}!`, value }]);
    });
    const outcome = await stage.playground.autocomplete({
      user: 'ada',
      name: 'paint',
      focused: 'prompt',
      value: 'mu',
    });
    expect(outcome.choices).toEqual([{ name: 'mu!', value: 'mu' }]);
  });

  test('updates a message by button and select', async () => {
    const { playground } = stage;
    const row = new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId('more:1').setLabel('More').setStyle(ButtonStyle.Primary),
    );
    const menu = new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(
      new StringSelectMenuBuilder()
        .setCustomId('pick')
        .addOptions({ label: 'One', value: '1' }, { label: 'Two', value: '2' }),
    );
    stage.handle(async (interaction) => {
      if (interaction.isChatInputCommand()) {
        const { resource } = await interaction.reply({
          content: 'card',
          components: [row, menu],
          withResponse: true,
        });
        expect(resource?.message?.content).toBe('card');
      } else if (interaction.isButton()) {
        await interaction.update({ content: 'pressed' });
      } else if (interaction.isStringSelectMenu()) {
        await interaction.deferUpdate();
        await interaction.editReply({ content: `picked ${interaction.values.join()}` });
      }
    });
    const card = await playground.command({
      user: 'ada',
      name: 'paint',
      options: { prompt: 'x' },
    });
    const message = card.message?.id ?? '';
    const pressed = await playground.click({ user: 'ben', message, customId: 'more:1' });
    expect(pressed).toMatchObject({
      callbackType: 7,
      message: { id: message, content: 'pressed' },
    });
    const picked = await playground.click({
      user: 'ben',
      message,
      customId: 'pick',
      values: ['2'],
      until: 'settled',
    });
    expect(picked).toMatchObject({
      callbackType: 6,
      message: { id: message, content: 'picked 2' },
    });
    await expect(
      playground.click({ user: 'ben', message, customId: 'pick', values: ['9'] }),
    ).rejects.toMatchObject({ code: 50035 });
  });

  test('opens a modal and submits it with files', async () => {
    const { playground } = stage;
    const modal = new ModalBuilder().setCustomId('train:1').setTitle('Train');
    modal.addLabelComponents(
      new LabelBuilder()
        .setLabel('Photos')
        .setFileUploadComponent(
          new FileUploadBuilder().setCustomId('photos').setMinValues(1).setMaxValues(10),
        ),
      new LabelBuilder()
        .setLabel('Name')
        .setTextInputComponent(
          new TextInputBuilder().setCustomId('name').setStyle(TextInputStyle.Short),
        ),
    );
    stage.handle(async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.showModal(modal);
      else if (interaction.isModalSubmit()) {
        const photos = interaction.fields.getUploadedFiles('photos', true);
        const name = interaction.fields.getTextInputValue('name');
        await interaction.reply(`${name}: ${photos.map((photo) => photo.name).join()}`);
      }
    });
    const opened = await playground.command({
      user: 'cleo',
      name: 'paint',
      options: { prompt: 'x' },
    });
    expect(opened.modal).toMatchObject({ custom_id: 'train:1', title: 'Train' });
    const files = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `p${index}.png`, bytes: png }));
    const action = { user: 'cleo', customId: 'train:1', values: { name: 'Tom' } };
    await expect(
      playground.modal({ ...action, files: { photos: files(11) } }),
    ).rejects.toMatchObject({
      status: 400,
      code: 50035,
      errors: { components: { 0: { component: { _errors: [{ code: 'BASE_TYPE_BAD_LENGTH' }] } } } },
    });
    const outcome = await playground.modal({ ...action, files: { photos: files(2) } });
    expect(outcome.message?.content).toBe('Tom: p0.png,p1.png');
    await playground.command({ user: 'cleo', name: 'paint', options: { prompt: 'x' } });
    const forged = await playground.modal({ ...action, forge: true, files: { photos: files(11) } });
    expect(forged.message?.content).toContain('p10.png');
  });

  test('posts, dedupes by nonce, edits, lists and deletes channel messages', async () => {
    const { client, playground } = stage;
    const channel = await client.channels.fetch(playground.channel.id);
    if (!channel?.isSendable()) throw new Error('not sendable');
    const send = () =>
      channel.send({
        content: 'result',
        nonce: 'job-1',
        enforceNonce: true,
        files: [{ attachment: png, name: 'r.png' }],
      });
    const first = await send();
    const second = await send();
    expect(second.id).toBe(first.id);
    await first.edit({ content: 'changed' });
    const again = await channel.messages.fetch({ message: first.id, force: true });
    expect(again.content).toBe('changed');
    expect(again.attachments.size).toBe(1);
    const dm = await client.users.send(playground.user('dora').id, 'hello');
    expect(playground.messages({ dmOf: 'dora' }).map((message) => message.id)).toEqual([dm.id]);
    await first.delete();
    expect(playground.messages().map((message) => message.id)).not.toContain(first.id);
  });

  test('reports nothing unexpected on the client', () => {
    expect(stage.errors).toEqual([]);
  });
});
