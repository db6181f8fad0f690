/** @file German: galleries, as commands and views tell of them. */

/** See the file's head. */
export const galleries = {
  'Look at its pictures': 'Ihre Bilder ansehen',
  'Only pictures of this subject': 'Nur Bilder von diesem Motiv',
  'Only pictures by this person': 'Nur Bilder von dieser Person',
  'Only pictures in this style': 'Nur Bilder in diesem Stil',
  'The most votes first, instead of the newest': 'Die meisten Stimmen zuerst statt der neuesten',
  'Look at the pictures with the most votes': 'Die Bilder mit den meisten Stimmen ansehen',
  'Of which time; without it, of the week': 'Aus welcher Zeit; sonst aus dieser Woche',
  'Look at your own, and at what waits for your consent':
    'Deine eigenen ansehen, und was auf deine Erlaubnis wartet',
  'Take a picture out of the gallery': 'Ein Bild aus der Galerie nehmen',
  'Which one; moderators give a link to its message':
    'Welches; die Moderation gibt einen Link auf seine Nachricht an',

  'top of the week': 'die besten der Woche',
  'top of the month': 'die besten des Monats',
  'top of all time': 'die besten aller Zeiten',
  'hall of fame': 'Hall of Fame',

  Watercolour: 'Aquarell',
  'Pixel art': 'Pixelkunst',
  Comic: 'Comic',
  Sculpture: 'Skulptur',
  Drawing: 'Zeichnung',
  Mosaic: 'Mosaik',
  Painting: 'Gemälde',
  '3D': '3D',
  Poster: 'Plakat',
  Photo: 'Foto',
} as const;
