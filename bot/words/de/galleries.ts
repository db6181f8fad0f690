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

  'newest first': 'neueste zuerst',
  yours: 'deine',
  'of {0}': 'von {0}',
  'by <@{0}>': 'von <@{0}>',
  '{0} by <@{1}>': '{0} von <@{1}>',
  '**Gallery**: {0}': '**Galerie**: {0}',
  '(The picture cannot be shown any more.)': '(Das Bild lässt sich nicht mehr zeigen.)',
  'This gallery is empty. The **Publish** button under a picture puts it here.':
    'Diese Galerie ist leer. Der Knopf **Veröffentlichen** unter einem Bild stellt es hier aus.',
  'You have published nothing here yet. The **Publish** button under a picture does.':
    'Du hast hier noch nichts veröffentlicht. Das geht mit dem Knopf **Veröffentlichen** unter einem Bild.',
  'Nothing here is like that. `/gallery browse` alone shows everything.':
    'So etwas gibt es hier nicht. `/gallery browse` allein zeigt alles.',
  'Hall of fame': 'Hall of Fame',
  'waits for {0}': 'wartet auf {0}',
  'not allowed by its subject’s owner': 'nicht erlaubt von der Person, der das Motiv gehört',
  'not published any more': 'nicht mehr veröffentlicht',
  'taken down by moderators': 'von der Moderation entfernt',
  'published, but I could not post it in <#{0}>':
    'veröffentlicht, aber in <#{0}> konnte ich es nicht zeigen',
  published: 'veröffentlicht',
  Vote: 'Abstimmen',
  Report: 'Melden',
  Unpublish: 'Zurückziehen',
  'Publish again': 'Wieder veröffentlichen',
  Allow: 'Erlauben',
  Refuse: 'Ablehnen',
  Previous: 'Zurück',
  Next: 'Weiter',
  '<@{0}> would like to publish this picture of {1}.':
    '<@{0}> möchte dieses Bild von {1} veröffentlichen.',
  ' It will appear in <#{0}>.': ' Du siehst es bald in <#{0}>.',
  'Published.{0} `/gallery browse` shows it.': 'Veröffentlicht.{0} `/gallery browse` zeigt es.',
  'This picture is already in the gallery, or waits for consent. `/gallery mine` shows it.':
    'Dieses Bild ist schon in der Galerie oder wartet auf Erlaubnis. `/gallery mine` zeigt es.',
  'It shows a subject of somebody else, so I have asked {0} in this channel. `/gallery mine` shows the answer.':
    'Es zeigt ein Motiv, das dir nicht gehört, darum habe ich {0} in diesem Kanal gefragt. `/gallery mine` zeigt die Antwort.',
  'Thank you. It is in the gallery now. You can take it back with **Unpublish**.':
    'Danke. Es ist jetzt in der Galerie. Mit **Zurückziehen** nimmst du es wieder heraus.',
  'Thank you. Another owner of a subject in it has still to say.':
    'Danke. Es fehlt noch die Antwort von jemandem, dem auch ein Motiv darin gehört.',
  'It will not be published.': 'Es wird nicht veröffentlicht.',
  'It has {0} now.': 'Jetzt sind es {0}.',
  'Your vote counts. {0} Press again to take it back.':
    'Deine Stimme zählt. {0} Drück noch einmal, um sie zurückzunehmen.',
  'Your ⭐ under its message still counts. {0} Remove it to take your vote back.':
    'Dein ⭐ unter der Nachricht zählt noch. {0} Entfern ihn, um deine Stimme zurückzunehmen.',
  'Your vote is taken back. {0}': 'Deine Stimme ist zurückgenommen. {0}',
  'It is out of the gallery, and its message goes as well.':
    'Es ist aus der Galerie genommen, und seine Nachricht verschwindet auch.',
  '{0}: {1} would like to publish this picture of {2} in the gallery of this server.':
    '{0}: {1} möchte dieses Bild von {2} in der Galerie dieses Servers veröffentlichen.',
  'The picture of {0} by {1} is in the gallery.':
    'Das Bild von {0}, gemacht von {1}, ist in der Galerie.',
  'The picture of {0} by {1} is not published: it was not allowed.':
    'Das Bild von {0}, gemacht von {1}, wird nicht veröffentlicht: es wurde nicht erlaubt.',
  'The picture of {0} by {1} is not published any more.':
    'Das Bild von {0}, gemacht von {1}, ist nicht mehr veröffentlicht.',

  'A picture of mine was reported. What shall become of it?':
    'Ein Bild von mir wurde gemeldet. Was soll damit geschehen?',
  'A message of mine was reported. What shall become of it?':
    'Eine Nachricht von mir wurde gemeldet. Was soll damit geschehen?',
  'Approved by {0}: it stays.': 'Von {0} geprüft: es bleibt.',
  'Denied by {0}: I have taken it down.': 'Von {0} geprüft: ich habe es entfernt.',
  Approve: 'Behalten',
  Deny: 'Entfernen',
  'Reported. The moderators of this server decide; they do not see by whom.':
    'Gemeldet. Die Moderation dieses Servers entscheidet; von wem es kam, sieht sie nicht.',
  'Somebody has reported it already. The moderators of this server decide.':
    'Das hat schon jemand gemeldet. Die Moderation dieses Servers entscheidet.',
  'It was reported before, and the moderators of this server have decided.':
    'Das wurde schon gemeldet, und die Moderation dieses Servers hat entschieden.',
  'It stays.': 'Es bleibt.',
  'It is taken down.': 'Es ist entfernt.',

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
