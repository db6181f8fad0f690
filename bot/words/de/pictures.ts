/** @file German: pictures, while they are drawn and afterwards, and the forms about them. */

/** See the file's head. */
export const pictures = {
  'I am drawing {0} of {1}. They will appear in {2}.':
    'Ich zeichne {1} ({0}). Du siehst das Ergebnis bald in {2}.',
  ' Of your subjects, these are the newest {0}; any other goes by its name, as in {1}.':
    ' Das sind deine neuesten {0} Motive; jedes andere nennst du beim Namen, etwa {1}.',
  'Which subject is {0}?{1}': 'Welches Motiv ist {0}?{1}',
  'Choose a subject': 'Motiv auswählen',
  '{0} to {1}, in order': '{0} bis {1}, der Reihe nach',
  '{0}×, resampled': '{0}×, hochgerechnet',
  '{0} for <@{1}>': '{0} für <@{1}>',
  'for <@{0}>': 'für <@{0}>',
  'A picture': 'Ein Bild',
  'this picture': 'dieses Bild',
  'these {0} pictures': 'diese {0} Bilder',
  ', {0} included': ', auch {0}',
  'Delete {0}{1}? This cannot be undone.':
    'Willst du {0} löschen{1}? Das lässt sich nicht rückgängig machen.',
  'Deleted, with the message that showed them.': 'Gelöscht, mitsamt der Nachricht dazu.',

  'The pictures could not be read any more.': 'Die Bilder waren nicht mehr lesbar.',
  'The pictures are larger than Discord takes from me.':
    'Die Bilder sind größer, als Discord sie von mir annimmt.',
  'Not drawn. {0}': 'Nicht gezeichnet. {0}',
  Picture: 'Bild',
  'Picture {0} of {1}': 'Bild {0} von {1}',
  'Seed {0}': 'Seed {0}',
  'enlarged {0}× by resampling: no new detail':
    '{0}× vergrößert, nur hochgerechnet: keine neuen Einzelheiten',
  'Enlarge {0}×': '{0}× vergrößern',
  'Vary a little': 'Leicht variieren',
  'Vary a lot': 'Stark variieren',
  '🔄 Again': '🔄 Noch einmal',
  '✏️ Edit': '✏️ Ändern',
  'ℹ️ Info': 'ℹ️ Info',
  '🗑️ Delete': '🗑️ Löschen',
  Publish: 'Veröffentlichen',
  'Publish {0}': 'Nr. {0} veröffentlichen',
  'Unfinished, as it looks by now: {0}': 'Noch nicht fertig, so sieht es gerade aus: {0}',

  'Edit and draw': 'Ändern und zeichnen',
  Prompt: 'Prompt',
  'With [V] or [name] where the subject goes': 'Mit [V] oder [Name], wo das Motiv hingehört',
  'Negative prompt': 'Negativer Prompt',
  'What the picture should not show': 'Was das Bild nicht zeigen soll',
  Seed: 'Seed',
  'The same seed draws the same; empty for any':
    'Derselbe Seed zeichnet dasselbe; leer für irgendeinen',
  Guidance: 'Guidance',
  'How closely to follow the prompt, 0 to 30': 'Wie genau der Prompt befolgt wird, 0 bis 30',
  Strength: 'Stärke',
  'How far to go from the picture, 0.05 to 1': 'Wie weit es vom Bild weggehen darf, 0,05 bis 1',
  Steps: 'Schritte',
  'More is slower': 'Mehr dauert länger',
  'Remix with my subject': 'Mit meinem Motiv',
  Subject: 'Motiv',
  'Goes where the prompt says [V]': 'Kommt dorthin, wo im Prompt [V] steht',
  'Seed and settings stay as they were': 'Seed und Einstellungen bleiben, wie sie waren',
} as const;
