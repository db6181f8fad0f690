/** @file German: the pages of `/help`. */

/** See the file's head. */
export const help = {
  '**How to begin**': '**So fängst du an**',
  '1. {0} with {1} to {2} photos of one thing.': '1. {0} mit {1} bis {2} Fotos von einem Ding.',
  '2. When I have learned it: {0} `a [V] on the beach`. `[V]` is your subject.':
    '2. Wenn ich es gelernt habe: {0} `a [V] on the beach`. `[V]` ist dein Motiv.',
  '3. The buttons under the pictures go on from there.':
    '3. Mit den Knöpfen unter den Bildern geht es weiter.',
  '**Commands**': '**Befehle**',
  'In the menu of my messages, under Apps: {0}': 'Im Menü meiner Nachrichten, unter Apps: {0}',
  'More about…': 'Mehr über …',
  ' and {0}': ' und {0}',

  'Photos to teach with': 'Fotos zum Lernen',
  '{0} takes {1} to {2} photos; five or six good ones are enough.':
    '{0} nimmt {1} bis {2} Fotos; fünf oder sechs gute reichen.',
  '• One thing only, and the same thing in each: your dog, not dogs.':
    '• Nur ein Ding, und auf jedem dasselbe: dein Hund, nicht Hunde.',
  '• Sharp, bright, and near enough to fill a good part of the photo.':
    '• Scharf, hell und so nah, dass es einen guten Teil des Fotos füllt.',
  '• From several sides, in front of several backgrounds.':
    '• Von mehreren Seiten, vor verschiedenen Hintergründen.',
  '• As jpeg, png, webp or gif. A phone that takes HEIC can be told to send jpeg.':
    '• Als jpeg, png, webp oder gif. Ein Handy mit HEIC lässt sich auf jpeg umstellen.',
  '• Photos that you may use. Ask the people in them.':
    '• Fotos, die du verwenden darfst. Frag die Leute darauf.',

  'In {0}, write `[V]` or its `[name]` where your subject goes:':
    'Schreib in {0} `[V]` oder seinen `[Namen]`, wo dein Motiv hingehört:',
  '`a [V] on the beach`, `[Rex] as a statue`, `a [Rex] beside a [Mia]`':
    '`a [V] on the beach`, `[Rex] as a statue`, `a [Rex] beside a [Mia]`',
  '• I add what it is, so `dog` need not be there.':
    '• Was es ist, ergänze ich; `dog` muss nicht dastehen.',
  '• Place, light and style make a picture; a few words of each are enough.':
    '• Ort, Licht und Stil machen ein Bild; ein paar englische Wörter zu jedem reichen.',
  '• {0} and its like need one word or two.': '• {0} und seinesgleichen brauchen ein, zwei Wörter.',
  '• {0} keeps what you want each time.': '• {0} merkt sich, was du jedes Mal willst.',
  '• ℹ️ under a picture shows all it was made with, and ✏️ changes it.':
    '• ℹ️ unter einem Bild zeigt, womit es entstand, und ✏️ ändert es.',

  Sharing: 'Teilen',
  'What you teach me is yours alone until you share it.':
    'Was du mir beibringst, gehört dir allein, bis du es teilst.',
  '• {0}: with a person, a role, this server or everyone.':
    '• {0}: mit einer Person, einer Rolle, diesem Server oder allen.',
  '• {0}: takes it back, and stops what still waits.':
    '• {0}: nimmt es zurück und stoppt, was noch wartet.',
  '• {0}: with whom it is shared, and who used it.':
    '• {0}: mit wem es geteilt ist und wer es benutzt hat.',
  'Others can draw a subject that you share. They never see its photos.':
    'Andere können ein geteiltes Motiv zeichnen. Seine Fotos sehen sie nie.',

  Galleries: 'Galerien',
  'Each server has a gallery. A picture goes there only when its owner says so, each time.':
    'Jeder Server hat eine Galerie. Ein Bild kommt nur hinein, wenn du es willst, jedes Mal neu.',
  '• **Publish** under your picture, or {0}.': '• **Veröffentlichen** unter deinem Bild, oder {0}.',
  '• {0} shows what is there.': '• {0} zeigt, was es gibt.',
  'Deleting a picture or a subject takes its gallery posts along.':
    'Wird ein Bild oder ein Motiv gelöscht, gehen seine Galeriebeiträge mit.',

  Privacy: 'Datenschutz',
  'Photos, what I learn from them and pictures are stored encrypted, with a key of your own.':
    'Fotos, was ich daraus lerne und Bilder sind verschlüsselt gespeichert, mit deinem eigenen Schlüssel.',
  'I use them for your subject alone, and read no messages.':
    'Ich nutze sie nur für dein Motiv, und lese keine Nachrichten.',
  '• Everybody in a channel sees the pictures that I post there.':
    '• Alle in einem Kanal sehen die Bilder, die ich dort zeige.',
  '• 🗑️ under a picture deletes it with its message.':
    '• 🗑️ unter einem Bild löscht es mitsamt seiner Nachricht.',
  '• {0} deletes photos, what I learned and my copies of its pictures.':
    '• {0} löscht Fotos, was ich gelernt habe und meine Kopien seiner Bilder.',
} as const;
