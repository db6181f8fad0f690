/** @file German: why a training or a rendering failed. */

/** See the file's head. */
export const failures = {
  'One of the photos could not be read any more. Send the photos again with `/train`.':
    'Eines der Fotos war nicht mehr lesbar. Schick die Fotos noch einmal mit `/train`.',
  ' Nearest: {0}.': ' Am nächsten liegen: {0}.',
  'I do not know this kind of thing.{0} Use `/train` again with another class.':
    'Diese Art von Ding kenne ich nicht.{0} Nimm `/train` noch einmal mit einer anderen Klasse.',
  'You have so many subjects that no name is left for another one. Delete one with `/subject delete`, then train again.':
    'Du hast so viele Motive, dass kein Name für ein weiteres übrig ist. Lösch eines mit `/subject delete` und versuch es dann noch einmal.',
  'The prompt is too long. Shorten it and try again.':
    'Der Prompt ist zu lang. Kürze ihn und versuch es noch einmal.',
  'The prompt is too long: {0} and what follows it does not fit. Shorten it and try again.':
    'Der Prompt ist zu lang: {0} und was danach kommt, passt nicht hinein. Kürze ihn und versuch es noch einmal.',
  'This subject has no trained weights. Teach it again with `/train`.':
    'Zu diesem Motiv gibt es keine gelernten Gewichte. Bring es mir mit `/train` noch einmal bei.',
  'Its owner no longer shares this subject with you. Ask them, or use one of your own: `/subject list`.':
    'Dieses Motiv ist nicht mehr mit dir geteilt. Frag die Person, der es gehört, oder nimm ein eigenes: `/subject list`.',
  'The picture that it was to start from is not there any more. Use `/imagine` with another one.':
    'Das Bild, von dem es ausgehen sollte, ist nicht mehr da. Nimm `/imagine` mit einem anderen.',
  'The picture was held back by the safety check. Try another prompt.':
    'Die Sicherheitsprüfung hat das Bild zurückgehalten. Versuch es mit einem anderen Prompt.',
  'The safety check does not work here, so nothing is drawn. Please tell the person who runs this bot.':
    'Die Sicherheitsprüfung funktioniert hier nicht, darum wird nichts gezeichnet. Sag bitte der Person Bescheid, die diesen Bot betreibt.',
  'The base model is not installed. Please tell the person who runs this bot.':
    'Das Basismodell ist nicht installiert. Sag bitte der Person Bescheid, die diesen Bot betreibt.',
  'The base model has changed since this subject was learned. Teach it again with `/train`.':
    'Das Basismodell ist nicht mehr das, mit dem ich dieses Motiv gelernt habe. Bring es mir mit `/train` noch einmal bei.',
  'The subject was deleted.': 'Das Motiv wurde gelöscht.',
  'A stored file is gone. Teach the subject again with `/train`.':
    'Eine gespeicherte Datei ist weg. Bring mir das Motiv mit `/train` noch einmal bei.',
  'The base model cannot work with these settings{0}. Try others, or tell the person who runs this bot.':
    'Mit diesen Einstellungen kann das Basismodell nicht arbeiten{0}. Versuch andere, oder sag der Person Bescheid, die diesen Bot betreibt.',
  ' at step {0}': ' bei Schritt {0}',
  'The learning went astray{0} and was stopped. Try `/train` again, best with other photos.':
    'Das Lernen ist{0} entgleist und wurde angehalten. Versuch `/train` noch einmal, am besten mit anderen Fotos.',
  'The engine broke down several times over this. Try again later.':
    'Das Rechenwerk ist mehrmals daran gescheitert. Versuch es später noch einmal.',
  'There was not enough memory. Try again later, or tell the person who runs this bot.':
    'Der Speicher hat nicht gereicht. Versuch es später noch einmal, oder sag der Person Bescheid, die diesen Bot betreibt.',
  'The disk is full. Please tell the person who runs this bot, then try again.':
    'Die Festplatte ist voll. Sag bitte der Person Bescheid, die diesen Bot betreibt, und versuch es dann noch einmal.',
  'It was interrupted too often, so I gave up. Try again later.':
    'Es wurde zu oft unterbrochen, darum habe ich aufgegeben. Versuch es später noch einmal.',
  'It took too long and was stopped. Try again later.':
    'Es hat zu lange gedauert und wurde angehalten. Versuch es später noch einmal.',
  'Something went wrong on my side. Try again later.':
    'Bei mir ist etwas schiefgegangen. Versuch es später noch einmal.',
} as const;
