/** @file German: trainings, from the form to the report, and the list of jobs. */

/** See the file's head. */
export const trainings = {
  'Teach me your subject': 'Bring mir dein Motiv bei',
  Photos: 'Fotos',
  '3 to 10 different photos of the same subject': '3 bis 10 verschiedene Fotos desselben Motivs',
  'What is it?': 'Was ist es?',
  'One to three plain words': 'Ein bis drei einfache Wörter, auf Englisch',
  'Its name': 'Sein Name',
  'You will write it as [name] in prompts': 'In Prompts schreibst du ihn als [Name]',
  Consent: 'Einwilligung',
  'I may use these photos to make pictures': 'Ich darf aus diesen Fotos Bilder machen',
  'They are stored encrypted until you delete the subject':
    'Sie bleiben verschlüsselt gespeichert, bis du das Motiv löschst',

  'Photo {0}': 'Foto {0}',
  'Photos {0}': 'Foto {0}',
  'photo {0}': 'Foto {0}',
  'photos {0}': 'Foto {0}',
  '{0} is small ({1} pixels). A larger one shows more.':
    '{0} ist klein ({1} Pixel). Ein größeres zeigt mehr.',
  '{0} is blurred.': '{0} ist unscharf.',
  '{0} are nearly the same. One of them is enough.':
    '{0} sehen fast gleich aus. Eines davon reicht.',
  'All photos have the same background, and I may learn it as well. Show it in other places, too.':
    'Alle Fotos haben denselben Hintergrund, und den könnte ich mitlernen. Zeig es auch an anderen Orten.',
  'They look good.': 'Sie sehen gut aus.',
  Start: 'Los',
  'Start all the same': 'Trotzdem los',
  'Learning takes {0} here.': 'Das Lernen dauert hier {0}.',
  'I have not timed a training here yet. My guess: {0}.':
    'Ich habe hier noch kein Training gestoppt. Ich schätze: {0}.',
  '{0} before it{1}.': 'Davor noch {0}{1}.',
  'Other photos': 'Andere Fotos',
  'Replace {0}': '{0} ersetzen',
  'all photos': 'alle Fotos',
  'Replace photos': 'Fotos ersetzen',
  'In place of {0}': 'Ersetzt {0}',
  'Nothing was learned, and the photos are deleted.':
    'Ich habe nichts gelernt, und die Fotos sind gelöscht.',

  'Getting ready': 'Vorbereiten',
  'Drawing its class': 'Vergleichsbilder zeichnen',
  Learning: 'Lernen',
  'Drawing and scoring': 'Zeichnen und bewerten',
  Saving: 'Speichern',
  'I am learning {0}. The message in {1} shows how far I am.':
    'Ich lerne {0}. Die Nachricht in {1} zeigt, wie weit ich bin.',
  'I am learning more about {0}. The message in {1} shows how far I am.':
    'Ich lerne mehr über {0}. Die Nachricht in {1} zeigt, wie weit ich bin.',
  'I am learning {0} once more. The message in {1} shows how far I am.':
    'Ich lerne {0} noch einmal. Die Nachricht in {1} zeigt, wie weit ich bin.',
  ', trained on': ', weitergelernt',
  '{0}{1} for <@{2}>': '{0}{1} für <@{2}>',
  'Finishing with what it has learned': 'Hört mit dem Gelernten auf',
  'Waiting: it is next': 'Wartet: als Nächstes dran',
  'Waiting: {0} before it': 'Wartet: noch {0} davor',
  'Stage {0} of {1}: {2}': 'Stufe {0}/{1}: {2}',
  'Ends <t:{0}:R>': 'Fertig <t:{0}:R>',
  '{0}, as it looks after step {1}': '{0}, so sieht es nach Schritt {1} aus',
  'Stop now and keep the best': 'Jetzt aufhören, Bestes behalten',
  'Stopping. The message in the channel tells when it is over.':
    'Wird angehalten. Die Nachricht im Kanal sagt, wann es vorbei ist.',
  'It ends with the next step. Then I compare what it has learned and keep the best.':
    'Nach dem nächsten Schritt ist Schluss. Dann vergleiche ich das Gelernte und behalte das Beste.',

  'Not learned. {0}': 'Nicht gelernt. {0}',
  'Ready. Try {0}': 'Fertig. Probier {0}',
  '“{0}”: above as before, below as after learning':
    '„{0}“: oben wie vor dem Lernen, unten wie danach',
  '**After step {0}**': '**Nach Schritt {0}**',
  'in use': 'in Gebrauch',
  'the best': 'das Beste',
  '{0}, {1}, drawn after step {2}': '{0}, {1}, gezeichnet nach Schritt {2}',
  'Samples: {0}': 'Proben: {0}',
  'Pictures of {0}: above drawn before learning {1}, below after it':
    'Bilder zu {0}: oben gezeichnet vor dem Lernen von {1}, unten danach',
  'Step {0}: in use': 'Schritt {0}: in Gebrauch',
  'Use step {0}': 'Schritt {0} nehmen',
  '{0} is drawn as it was after step {1} from now on.':
    '{0} zeichne ich ab jetzt mit dem Stand nach Schritt {1}.',

  'as like as your own photos': 'so ähnlich wie deine eigenen Fotos',
  'very like': 'sehr ähnlich',
  'somewhat like': 'etwas ähnlich',
  'hardly like': 'kaum ähnlich',
  ', two photos {0}': ', zwei Fotos {0}',
  'Likeness: {0} ({1}{2})': 'Ähnlichkeit: {0} ({1}{2})',
  'Prompts: followed in {0} % of pictures': 'Prompts: in {0} % der Bilder befolgt',
  'Prompts: match of text and picture {0}': 'Prompts: Text und Bild passen zu {0}',
  '“{0}”': '„{0}“',
  '{0} is still any {1} ({2})': '{0} ist noch irgendein {1} ({2})',
  '{0} looks a little like yours now ({1})': '{0} sieht jetzt ein wenig wie deins aus ({1})',
  '{0} has come to look like yours ({1})': '{0} sieht inzwischen wie deins aus ({1})',
  'likeness {0}, prompts {1}': 'Ähnlichkeit {0}, Prompts {1}',

  waiting: 'wartet',
  'under way': 'läuft',
  done: 'fertig',
  failed: 'gescheitert',
  cancelled: 'abgebrochen',
  'Pictures: {0}': 'Bilder: {0}',
  'Learning {0}': 'Lernen: {0}',
  'Learning more about {0}': 'Weiterlernen: {0}',
  stopping: 'wird angehalten',
  'under way, step {0} of {1}': 'läuft, Schritt {0} von {1}',
  'failed: {0}': 'gescheitert: {0}',
  'You have asked for nothing yet. Start with `/train` and a few photos.':
    'Du hast mich noch um nichts gebeten. Fang mit `/train` und ein paar Fotos an.',
} as const;
