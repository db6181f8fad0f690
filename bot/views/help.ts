/** @file Views of `/help`: how to begin, the commands, and a page for each topic. Short, since phones show it. */
import { say } from '../words/say.ts';
import { cardView, type MessageView, selectRow, textDisplay } from './message-view.ts';
import { photoCount } from './refusals.ts';
import { count } from './text.ts';

/** A command as `/help` lists it. */
export interface ListedCommand {
  readonly name: string;
  /** Empty where it stands in the menu of a message. */
  readonly description: string;
  readonly subcommands: readonly string[];
  /** As Discord registered it, where that is known: makes its name clickable. */
  readonly id: string | undefined;
}

/** Custom id of the menu of topics. */
export const HELP_MENU = 'help';

const topics = {
  photos: {
    label: 'Photos to teach with',
    lines: (name: Name) => [
      say`${name('train')} takes ${photoCount.min} to ${photoCount.max} photos; five or six good ones are enough.`,
      say('• One thing only, and the same thing in each: your dog, not dogs.'),
      say('• Sharp, bright, and near enough to fill a good part of the photo.'),
      say('• From several sides, in front of several backgrounds.'),
      say('• As jpeg, png, webp or gif. A phone that takes HEIC can be told to send jpeg.'),
      say('• Photos that you may use. Ask the people in them.'),
    ],
  },
  prompts: {
    label: 'Prompts',
    lines: (name: Name) => [
      say`In ${name('imagine')}, write \`[V]\` or its \`[name]\` where your subject goes:`,
      say('`a [V] on the beach`, `[Rex] as a statue`, `a [Rex] beside a [Mia]`'),
      say('• I add what it is, so `dog` need not be there.'),
      say('• Place, light and style make a picture; a few words of each are enough.'),
      say`• ${name('preset paint')} and its like need one word or two.`,
      say`• ${name('defaults set')} keeps what you want each time.`,
      say('• ℹ️ under a picture shows all it was made with, and ✏️ changes it.'),
    ],
  },
  sharing: {
    label: 'Sharing',
    lines: (name: Name) => [
      say('What you teach me is yours alone until you share it.'),
      say`• ${name('subject share')}: with a person, a role, this server or everyone.`,
      say`• ${name('subject revoke')}: takes it back, and stops what still waits.`,
      say`• ${name('subject info')}: with whom it is shared, and who used it.`,
      say('Others can draw a subject that you share. They never see its photos.'),
    ],
  },
  galleries: {
    label: 'Galleries',
    lines: (name: Name) => [
      say(
        'Each server has a gallery. A picture goes there only when its owner says so, each time.',
      ),
      say`• **Publish** under your picture, or ${name('gallery publish')}.`,
      say`• ${name('gallery browse')} shows what is there.`,
      say('Deleting a picture or a subject takes its gallery posts along.'),
    ],
  },
  privacy: {
    label: 'Privacy',
    lines: (name: Name) => [
      say(
        'Photos, what I learn from them and pictures are stored encrypted, with a key of your own.',
      ),
      say('I use them for your subject alone, and read no messages.'),
      say('• Everybody in a channel sees the pictures that I post there.'),
      say('• 🗑️ under a picture deletes it with its message.'),
      say`• ${name('subject delete')} deletes photos, what I learned and my copies of its pictures.`,
    ],
  },
} as const satisfies Record<string, { label: string; lines: (name: Name) => readonly string[] }>;

/** See {@link topics}. */
export type HelpTopic = keyof typeof topics;

/** Choices of the option that goes straight to a topic. */
export const topicChoices = (Object.keys(topics) as HelpTopic[]).map((value) => ({
  name: topics[value].label,
  value,
}));

/** @returns the topic that a menu or an option names */
export const findTopic = (value: string | null | undefined): HelpTopic | undefined =>
  topicChoices.find((choice) => choice.value === value)?.value;

/** How a command is named: clickable where that can be. @param path such as `subject share` */
type Name = (path: string) => string;

/** @returns the first page */
export function helpPage(commands: readonly ListedCommand[]): MessageView {
  const name = namer(commands);
  const menu = commands.filter(({ description }) => description === '');
  return page([
    textDisplay(
      say('**How to begin**'),
      say`1. ${name('train')} with ${photoCount.min} to ${photoCount.max} photos of one thing.`,
      say`2. When I have learned it: ${name('imagine')} \`a [V] on the beach\`. \`[V]\` is your subject.`,
      say('3. The buttons under the pictures go on from there.'),
    ),
    textDisplay(
      say('**Commands**'),
      ...commands
        .filter(({ description }) => description !== '')
        .map((command) => `${nameOfCommand(command, name)}: ${say(command.description)}`),
      ...(menu.length > 0
        ? [
            say`In the menu of my messages, under Apps: ${menu.map((item) => `*${item.name}*`).join(', ')}`,
          ]
        : []),
    ),
  ]);
}

/** @returns the page of a topic */
export function helpTopicPage(topic: HelpTopic, commands: readonly ListedCommand[]): MessageView {
  const { label, lines } = topics[topic];
  return page([textDisplay(`**${say(label)}**`, ...lines(namer(commands)))], topic);
}

function page(texts: readonly ReturnType<typeof textDisplay>[], topic?: HelpTopic): MessageView {
  const menu = selectRow({
    customId: HELP_MENU,
    placeholder: say('More about…'),
    options: topicChoices.map(({ name: label, value }) => ({
      label: say(label),
      value,
      default: value === topic,
    })),
  });
  return cardView([...texts, menu]);
}

/** Discord makes a command with subcommands clickable by one of those only. */
function nameOfCommand({ name, subcommands }: ListedCommand, nameOf: Name): string {
  const [first, ...more] = subcommands;
  if (first === undefined) return nameOf(name);
  return `${nameOf(`${name} ${first}`)}${more.length > 0 ? say` and ${count(more.length, 'other')}` : ''}`;
}

function namer(commands: readonly ListedCommand[]): Name {
  return (path) => {
    const id = commands.find(({ name }) => name === path.split(' ')[0])?.id;
    return id === undefined ? `\`/${path}\`` : `</${path}:${id}>`;
  };
}
