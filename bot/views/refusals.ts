/** @file Every sentence that refuses something, and says what to do instead. */
import type { PhotoErrorCode } from '#storage/decode/photo-error.ts';
import type { FetchErrorCode } from '#storage/remote/fetch-error.ts';
import { say } from '../words/say.ts';
import { code, count, list, plain } from './text.ts';

/** How many photos a training takes. */
export const photoCount = { min: 3, max: 10 } as const;

/** Which photo is meant. */
export interface PhotoPlace {
  /** From 1; null where it is the only one. */
  readonly number: number | null;
  readonly filename: string;
}

const which = ({ number, filename }: PhotoPlace) =>
  `${number === null ? say('The picture') : say`Photo ${number}`} (${plain(filename, 60)})`;

const photoSentences = {
  PHOTO_NOT_IMAGE: () => say('is not a picture. Send jpeg, png or webp photos'),
  PHOTO_HEIC: () =>
    say(
      'is a HEIC photo, which I cannot read. Convert it to jpeg (on an iPhone: Settings › Camera › Formats › Most Compatible) and try again',
    ),
  PHOTO_AVIF: () =>
    say('is an AVIF picture, which I cannot read. Save it as jpeg or png and try again'),
  PHOTO_SVG: () => say('is an SVG drawing, which I cannot read. Save it as png and try again'),
  PHOTO_TIFF: () =>
    say('is a TIFF picture, which I cannot read. Save it as jpeg or png and try again'),
  PHOTO_PDF: () => say('is a PDF, not a photo. Send jpeg, png or webp photos'),
  PHOTO_UNSUPPORTED: () =>
    say('has a format that I cannot read. Save it as jpeg or png and try again'),
  PHOTO_TOO_LARGE: () => say('is larger than 25 MB. Send a smaller copy'),
  PHOTO_TOO_MANY_PIXELS: () => say('has more than 40 megapixels. Send a smaller copy'),
  PHOTO_BROKEN: () => say('is damaged. Send another copy of it'),
  PHOTO_TIMEOUT: () => say('took too long to read. Save it as jpeg and try again'),
  PHOTO_MEMORY: () => say('took too much memory to read. Send a smaller copy'),
} satisfies Record<PhotoErrorCode, () => string>;

const fetchSentences = {
  URL_FORBIDDEN: () => say('does not come from Discord. Upload the file itself instead of a link'),
  ADDRESS_FORBIDDEN: () =>
    say('does not come from Discord. Upload the file itself instead of a link'),
  REDIRECTED: () => say('does not come from Discord. Upload the file itself instead of a link'),
  LINK_EXPIRED: () => say('is no longer there: its link has expired. Upload it again'),
  TOO_LARGE: () => say('is larger than 25 MB. Send a smaller copy'),
  TIMEOUT: () => say('took too long to download. Try again'),
  ENCODED: () => say('could not be downloaded. Upload it again'),
  UNAVAILABLE: () => say('could not be downloaded. Try again in a minute'),
} satisfies Record<FetchErrorCode, () => string>;

const numberFields = {
  guidance: () => say('guidance'),
  steps: () => say('steps'),
  strength: () => say('strength'),
} as const;
/** A field of a form that takes a number. */
export type NumberField = keyof typeof numberFields;

/** As Discord counts them. */
const megabytes = (bytes: number, round: (value: number) => number): number =>
  round(bytes / 2 ** 20);

/** The refusals, by what is refused. */
export const refusals = {
  photo: (place: PhotoPlace, reason: PhotoErrorCode | FetchErrorCode): string =>
    `${which(place)} ${{ ...photoSentences, ...fetchSentences }[reason]()}.`,
  tooFewPhotos: (given: number): string =>
    say`I need ${photoCount.min} to ${photoCount.max} photos and got ${given}. Use \`/train\` again with ${photoCount.min - given === 1 ? say('one more') : say('more')}.`,
  tooManyPhotos: (given: number): string =>
    say`I take ${photoCount.min} to ${photoCount.max} photos and got ${given}. Use \`/train\` again with the best ${photoCount.max}.`,
  tooManyWithKept: (given: number, kept: number): string =>
    say`I take at most ${photoCount.max} photos, and with the ${kept} that stay these would be ${given}. Send fewer.`,
  trainingDraftGone: (): string =>
    say(
      'This question is over: it was answered, or is too old. Use `/train` again to teach me something.',
    ),
  samePhotos: (different: number): string =>
    say`Several photos are the same: only ${count(different, 'different photo')} came. Use \`/train\` again with at least ${photoCount.min} different ones.`,
  noConsent: (): string =>
    say('I only learn from photos that you may use. Use `/train` again and tick the box.'),
  noConsentOption: (): string =>
    say(
      'I only learn from photos that you may use: if you may, use `/train` again with them and set `consent` to `True`.',
    ),
  classNounMissing: (): string =>
    say('Tell me what it is: use `/train` again with `class`, such as `dog` or `mug`.'),
  classNounMalformed: (): string =>
    say(
      'The class is one to three plain words that say what it is, such as `dog` or `coffee mug`. Use `/train` again with such a word.',
    ),
  classNounUnknown: (classNoun: string, nearest: readonly string[]): string =>
    say`I do not know what ${code(classNoun, 40)} is. The nearest words that I know: ${list(nearest.map((noun) => code(noun)))}. Use \`/train\` again with one of them.`,
  nameMalformed: (): string =>
    say(
      'A name has 1 to 32 characters, no square brackets, and is not just “V”. Choose another name and try again.',
    ),
  nameTaken: (name: string): string =>
    say`You already have a subject called **${plain(name)}**. Choose another name, or delete that one with \`/subject delete\`.`,
  tooManyTrainings: (open: number): string =>
    say`You have ${open} trainings under way. Wait until one of them ends.`,
  tooManyRenditions: (open: number): string =>
    say`You have ${open} renderings under way. Wait until some of them end.`,
  notMember: (): string =>
    say(
      'I am not in this server, so I cannot post here. Let me write to you directly with `/jobs dm allow:True`, or use me in our direct messages or where I am a member.',
    ),
  guildWithoutMe: (): string =>
    say('I am not in this server, so it has no gallery of mine. Ask an admin to add me.'),
  cannotPost: (missing: readonly string[]): string =>
    say`I cannot post my results in this channel. Ask an admin to give me ${list(missing.map((name) => `**${name}**`))} here, or use another channel.`,
  cannotPostIn: (channelId: string, missing: readonly string[]): string =>
    say`I cannot post in <#${channelId}>. Give me ${list(missing.map((name) => `**${name}**`))} there, then try again.`,
  noGalleryChannel: (): string =>
    say('A gallery lives in a forum, media or text channel. Choose one of those.'),
  cannotSee: (channelId: string): string =>
    say`I cannot see <#${channelId}>. Give me **View Channel** there, then try again.`,
  channelClosed: (allowed: readonly string[]): string =>
    say`The admins of this server have not opened this channel to me. Use ${list(
      allowed.slice(0, 5).map((id) => `<#${id}>`),
      'or',
    )}.`,
  roleMissing: (allowed: readonly string[]): string =>
    say`In this server I am for people with ${list(
      allowed.slice(0, 5).map((id) => `<@&${id}>`),
      'or',
    )}. Ask its admins.`,
  notManager: (): string =>
    say('Only people who may manage this server can change this. Ask one of its admins.'),
  listFull: (max: number): string =>
    say`The list takes at most ${max}. Remove one with \`forbid\` first.`,
  noChannel: (): string =>
    say('I cannot post my results here. Use the command in a server channel.'),
  guildOnly: (): string => say('Galleries belong to servers. Use this in a server channel.'),

  promptEmpty: (): string =>
    say('The prompt is empty. Write for example `a [V] dog on the beach`.'),
  promptTooLong: (length: number, max: number): string =>
    say`The prompt has ${length} characters and I take at most ${max}. Shorten it and try again.`,
  negativeTooLong: (length: number, max: number): string =>
    say`The negative prompt has ${length} characters and I take at most ${max}. Shorten it and try again.`,
  tooManyPictures: (max: number): string =>
    say`Here I draw at most ${count(max, 'picture')} of one prompt. Ask for fewer.`,
  tooManySteps: (max: number): string =>
    say`Here I take at most ${max} steps for a picture. Ask for fewer.`,
  nothingToSet: (): string =>
    say('Choose at least one option of `/defaults set`. `/defaults show` shows what stands now.'),
  strengthWithoutPicture: (): string =>
    say('`strength` says how far to go from a picture. Attach one as `picture`, or leave it out.'),
  promptWithoutSubject: (): string =>
    say(
      'Say where your subject goes: write `[V]` or its `[name]`, for example `a [V] dog on the beach`.',
    ),
  promptWithoutPlace: (suggestion: string): string =>
    say`Say where your subject goes with \`[V]\`. Try: ${code(suggestion, 1200)}`,
  noSubject: (): string =>
    say('You have not taught me anything yet. Start with `/train` and a few photos.'),
  unknownName: (name: string): string =>
    say`Nothing is called ${code(`[${name}]`, 70)} here. \`/subject list\` shows your subjects; without brackets, it is an ordinary word.`,
  unknownSubject: (): string =>
    say('I do not know this subject. Choose one from the list that appears while you type.'),
  chosenWithoutPlace: (name: string): string =>
    say`You chose **${plain(name)}**, but the prompt does not say where it goes. Write \`[V]\` in its place.`,
  draftGone: (): string => say('This question is too old. Use `/imagine` again.'),
  severalSubjects: (): string =>
    say('One picture can show two subjects at most. Leave two of them in the prompt.'),
  sameIdentifier: (one: string, other: string): string =>
    say`**${plain(one)}** and **${plain(other)}** go by the same word inside me, so one picture cannot show both. Teach me one of them again with \`/train\`.`,
  notCombinable: (name: string): string =>
    say`**${plain(name)}** was learned with whole weights, which cannot be used together with another subject. Draw it alone, or teach me it again with \`/train\`.`,
  stillTraining: (name: string): string =>
    say`**${plain(name)}** is still being learned. Try again when its message in the channel says that it is ready.`,
  neverTrained: (name: string): string =>
    say`**${plain(name)}** was not learned: its training ended early. Teach it again with \`/train\`.`,

  weightsTooLarge: (name: string, sizeBytes: number, limitBytes: number): string =>
    say`What I learned of **${plain(name)}** is ${megabytes(sizeBytes, Math.ceil)} MB, and Discord takes files of at most ${megabytes(limitBytes, Math.floor)} MB from me here. Whoever runs me can hand it over.`,
  weightsGone: (name: string): string =>
    say`What I learned of **${plain(name)}** is not there any more. Teach it again with \`/train\`.`,

  shareWithWhom: (): string =>
    say('Say with whom: choose `user`, `role` or `with`, or several of them.'),
  shareWithBot: (): string => say('That is a bot, which asks for no pictures. Choose a person.'),
  shareWithYourself: (): string => say('It is yours already. Choose somebody else.'),
  shareServerHere: (): string =>
    say('There is no server here. Use this in a channel of the server that you mean.'),

  notYourTraining: (): string => say('Only the person who started this training can cancel it.'),
  notYourTrainingToStop: (): string =>
    say('Only the person who started this training can stop it.'),
  nothingLearnedYet: (): string =>
    say('It has not begun to learn, so there is nothing to keep yet. **Cancel** stops it.'),
  alreadyLearned: (): string =>
    say(
      'It has made all its steps and is choosing the best of them. There is nothing left to stop.',
    ),
  theseWeightsGone: (): string =>
    say('What was learned then is not there any more. `/subject list` shows your subjects.'),
  notYourWeights: (): string => say('Only the owner of this subject can choose.'),
  identifierTaken: (): string =>
    say(
      'This goes no more: its rare word belongs to another subject of yours by now. Train it again with `/train`.',
    ),
  notYourPicture: (): string => say('Only the person who asked for this picture can publish it.'),
  notYourSubject: (): string => say('You have no such subject. `/subject list` shows yours.'),
  notYourRendition: (): string =>
    say('Only the person who asked for these pictures can cancel them.'),
  renditionOver: (): string => say('These pictures are already over.'),
  trainingUnderWay: (name: string): string =>
    say`**${plain(name)}** is being learned right now. Try again when its message in the channel says that it is over.`,
  noSuchJob: (): string =>
    say('You have no such job. Choose one from the list that appears while you type.'),
  jobOver: (): string => say('This job is already over.'),
  nothingToRetry: (): string => say('Only a job that failed or was cancelled can be tried again.'),
  trainingOver: (): string => say('This training is already over.'),
  trainingGone: (): string => say('I do not know this training any more.'),
  pictureGone: (): string => say('I do not know this picture any more.'),
  pictureElsewhere: (): string => say('This picture is not from this channel. Use one from here.'),
  subjectNotUsable: (): string =>
    say(
      'You may not draw what this picture shows: it was deleted, or it is not shared with you here. `/imagine` draws your own subjects.',
    ),
  attachmentNotKept: (): string =>
    say(
      'This began with an attached picture, which I do not keep. Use `/imagine` and attach it again.',
    ),
  enlargedTooLarge: (width: number, height: number): string =>
    say`That would be ${width} × ${height} pixels, more than Discord takes from me. Choose a smaller factor.`,
  notYoursToDelete: (): string =>
    say(
      'Only the person who asked for these pictures, or a moderator of this server, can delete them.',
    ),
  seedMalformed: (): string =>
    say('A seed is a whole number from 0 to 4294967295. Leave it empty for any.'),
  numberMalformed: (what: NumberField, min: number, max: number): string =>
    say`The ${numberFields[what]()} must be a number from ${min} to ${max}. Leave it empty for the usual one.`,
  ambiguousSubject: (subjects: readonly { readonly name: string }[]): string =>
    say`You have several subjects, so \`[V]\` could be any of them. Write ${list(
      subjects.slice(0, 5).map(({ name }) => code(`[${name}]`, 40)),
      'or',
    )} in its place.`,
  notMyMessage: (): string => say("I know what my own pictures were made with, nobody else's."),
  noPicturesThere: (): string =>
    say('This message of mine shows no pictures that I drew for a prompt.'),
  presetUnknown: (known: readonly string[]): string =>
    say`The model here does not know how to draw that. It knows ${list(known.map((name) => code(`/preset ${name}`)))}.`,
  presetEmpty: (): string =>
    say('Say it in a word or two, or choose from the list while you type.'),
  noPictureYet: (): string => say('You have no finished picture yet. Make one with `/imagine`.'),
  unknownPicture: (): string =>
    say('I do not know this picture. Choose one from the list that appears while you type.'),
  nothingToPublish: (): string =>
    say('You have no finished picture here yet. Make one with `/imagine`, then publish it.'),
  madeElsewhere: (): string =>
    say('This picture was made elsewhere. Publish it in the server where you asked for it.'),
  postDenied: (): string =>
    say(
      'The moderators of this server have taken this picture down. Ask them, or publish another one.',
    ),
  postGone: (): string =>
    say('This picture is not in the gallery of this server. `/gallery browse` shows what is.'),
  notYourPost: (): string =>
    say(
      'Only its author, the owner of the subject in it and moderators take a picture out of the gallery. You can report it.',
    ),
  ownVote: (): string => say('This picture is yours: the votes of others count.'),
  requestOver: (): string =>
    say('This is decided already. `/gallery mine` shows what waits for you.'),
  notYourConsent: (): string =>
    say('Only the owner of the subject in this picture decides about it.'),
  reportsOfMineOnly: (): string =>
    say('I take reports of my own messages only. For others, use the report of Discord itself.'),
  noModerators: (): string =>
    say(
      'This server takes no reports. Ask one of its admins to choose a channel with `/config moderators`.',
    ),
  notModerator: (): string => say('Only moderators of this server decide about reports.'),
  reportGone: (): string => say('I know no such report in this server.'),
  reportOver: (): string => say('Another moderator was faster: this is decided already.'),
  unknownButton: (): string =>
    say('This button is from an older version of me. Use the command again.'),
  unknownCommand: (): string =>
    say('I do not know this command any more. Reload Discord and try again.'),
  broken: (interactionId: string): string =>
    say`Something went wrong on my side. Try again in a minute. (Error ${interactionId})`,
};
