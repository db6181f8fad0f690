/** @file German: what is counted, joined and timed. */

/** By the English singular; sentences use them where nominative and accusative are the same. */
export const nouns = {
  photo: ['Foto', 'Fotos'],
  picture: ['Bild', 'Bilder'],
  'published picture': ['veröffentlichtes Bild', 'veröffentlichte Bilder'],
  'gallery post': ['Galeriebeitrag', 'Galeriebeiträge'],
  prompt: ['Prompt', 'Prompts'],
  'waiting prompt': ['wartender Prompt', 'wartende Prompts'],
  'different photo': ['unterschiedliches Foto', 'unterschiedliche Fotos'],
  training: ['Training', 'Trainings'],
  other: ['weiterer', 'weitere'],
  vote: ['Stimme', 'Stimmen'],
} as const;

/** See the file's head. */
export const text = {
  and: 'und',
  or: 'oder',
  'a {0}': '{0}',
  'an {0}': '{0}',
  'less than a minute': 'weniger als eine Minute',
  'about {0} min': 'etwa {0} min',
  'about {0} h': 'etwa {0} h',
  'about {0} h {1} min': 'etwa {0} h {1} min',
  '…and {0} more': '… und {0} weitere',
  'No worker is running at the moment. Yours is kept and goes on when one is back.':
    'Im Moment läuft kein Worker. Dein Auftrag bleibt erhalten und geht weiter, sobald wieder einer da ist.',
  'our direct messages': 'unseren Direktnachrichten',
  'this channel': 'diesem Kanal',
  Cancel: 'Abbrechen',
  'Cancelled.': 'Abgebrochen.',
  Delete: 'Löschen',
  Keep: 'Behalten',
  Stopping: 'Wird angehalten',
  'Waiting for its turn': 'Wartet, bis es an der Reihe ist',
  Starting: 'Geht los',
  'Step {0} of {1}': 'Schritt {0} von {1}',
  'Time left: {0}': 'Noch {0}',
} as const;
