/** @file German: what is refused, and what to do instead. */

/** See the file's head. */
export const refusals = {
  'The picture': 'Das Bild',
  'is not a picture. Send jpeg, png or webp photos':
    'ist kein Bild. Schick Fotos als jpeg, png oder webp',
  'is a HEIC photo, which I cannot read. Convert it to jpeg (on an iPhone: Settings › Camera › Formats › Most Compatible) and try again':
    'ist im Format HEIC, das ich nicht lesen kann. Wandle es in jpeg um (auf dem iPhone: Einstellungen › Kamera › Formate › Maximale Kompatibilität) und versuch es noch einmal',
  'is an AVIF picture, which I cannot read. Save it as jpeg or png and try again':
    'ist im Format AVIF, das ich nicht lesen kann. Speichere es als jpeg oder png und versuch es noch einmal',
  'is an SVG drawing, which I cannot read. Save it as png and try again':
    'ist eine SVG-Zeichnung, die ich nicht lesen kann. Speichere sie als png und versuch es noch einmal',
  'is a TIFF picture, which I cannot read. Save it as jpeg or png and try again':
    'ist im Format TIFF, das ich nicht lesen kann. Speichere es als jpeg oder png und versuch es noch einmal',
  'is a PDF, not a photo. Send jpeg, png or webp photos':
    'ist ein PDF, kein Foto. Schick Fotos als jpeg, png oder webp',
  'has a format that I cannot read. Save it as jpeg or png and try again':
    'hat ein Format, das ich nicht lesen kann. Speichere es als jpeg oder png und versuch es noch einmal',
  'is larger than 25 MB. Send a smaller copy': 'ist größer als 25 MB. Schick eine kleinere Kopie',
  'has more than 40 megapixels. Send a smaller copy':
    'hat mehr als 40 Megapixel. Schick eine kleinere Kopie',
  'is damaged. Send another copy of it': 'ist beschädigt. Schick eine andere Kopie davon',
  'took too long to read. Save it as jpeg and try again':
    'war nicht schnell genug zu lesen. Speichere es als jpeg und versuch es noch einmal',
  'took too much memory to read. Send a smaller copy':
    'braucht zum Lesen zu viel Speicher. Schick eine kleinere Kopie',
  'does not come from Discord. Upload the file itself instead of a link':
    'kommt nicht von Discord. Lade die Datei selbst hoch statt eines Links',
  'is no longer there: its link has expired. Upload it again':
    'ist nicht mehr da: der Link ist abgelaufen. Lade es noch einmal hoch',
  'took too long to download. Try again':
    'war nicht schnell genug herunterzuladen. Versuch es noch einmal',
  'could not be downloaded. Upload it again':
    'ließ sich nicht herunterladen. Lade es noch einmal hoch',
  'could not be downloaded. Try again in a minute':
    'ließ sich nicht herunterladen. Versuch es in einer Minute noch einmal',
  'I need {0} to {1} photos and got {2}. Use `/train` again with {3}.':
    'Ich brauche {0} bis {1} Fotos und habe {2} bekommen. Nimm `/train` noch einmal mit {3}.',
  'one more': 'einem mehr',
  more: 'mehr davon',
  'I take {0} to {1} photos and got {2}. Use `/train` again with the best {3}.':
    'Ich nehme {0} bis {1} Fotos und habe {2} bekommen. Nimm `/train` noch einmal mit den besten {3}.',
  'I take at most {0} photos, and with the {1} that stay these would be {2}. Send fewer.':
    'Ich nehme höchstens {0} Fotos, und mit den {1}, die bleiben, wären es {2}. Schick weniger.',
  'This question is over: it was answered, or is too old. Use `/train` again to teach me something.':
    'Diese Frage ist vorbei: sie ist beantwortet oder zu alt. Mit `/train` bringst du mir etwas Neues bei.',
  'Several photos are the same: only {0} came. Use `/train` again with at least {1} different ones.':
    'Manche Fotos sind gleich, übrig: {0}. Nimm `/train` noch einmal mit mindestens {1} verschiedenen.',
  'I only learn from photos that you may use. Use `/train` again and tick the box.':
    'Ich lerne nur aus Fotos, die du verwenden darfst. Nimm `/train` noch einmal und setz das Häkchen.',
  'I only learn from photos that you may use: if you may, use `/train` again with them and set `consent` to `True`.':
    'Ich lerne nur aus Fotos, die du verwenden darfst. Darfst du es, dann nimm `/train` noch einmal damit und setz `consent` auf `True`.',
  'Tell me what it is: use `/train` again with `class`, such as `dog` or `mug`.':
    'Sag mir, was es ist: nimm `/train` noch einmal mit `class`, etwa `dog` oder `mug`.',
  'The class is one to three plain words that say what it is, such as `dog` or `coffee mug`. Use `/train` again with such a word.':
    'Die Klasse sagt in ein bis drei einfachen englischen Wörtern, was es ist, etwa `dog` oder `coffee mug`. Nimm `/train` noch einmal mit so einem Wort.',
  'I do not know what {0} is. The nearest words that I know: {1}. Use `/train` again with one of them.':
    'Ich weiß nicht, was {0} ist. Am nächsten liegen diese Wörter, die ich kenne: {1}. Nimm `/train` noch einmal mit einem davon.',
  'A name has 1 to 32 characters, no square brackets, and is not just “V”. Choose another name and try again.':
    'Ein Name hat 1 bis 32 Zeichen, keine eckigen Klammern und ist nicht nur „V“. Wähl einen anderen und versuch es noch einmal.',
  'You already have a subject called **{0}**. Choose another name, or delete that one with `/subject delete`.':
    'Du hast schon ein Motiv namens **{0}**. Wähl einen anderen Namen, oder lösch jenes mit `/subject delete`.',
  'You have {0} trainings under way. Wait until one of them ends.':
    'Bei dir laufen schon {0} Trainings. Warte, bis eines davon fertig ist.',
  'You have {0} renderings under way. Wait until some of them end.':
    'Bei dir laufen schon {0} Bildaufträge. Warte, bis ein paar davon fertig sind.',
  'I am not in this server, so I cannot post here. Let me write to you directly with `/jobs dm allow:True`, or use me in our direct messages or where I am a member.':
    'Ich bin nicht auf diesem Server und kann hier nichts posten. Erlaube mir mit `/jobs dm allow:True`, dir direkt zu schreiben, oder nutze mich in unseren Direktnachrichten oder dort, wo ich Mitglied bin.',
  'I am not in this server, so it has no gallery of mine. Ask an admin to add me.':
    'Ich bin nicht auf diesem Server, also hat er keine Galerie von mir. Bitte die Admins, mich hinzuzufügen.',
  'I cannot post my results in this channel. Ask an admin to give me {0} here, or use another channel.':
    'In diesem Kanal kann ich meine Ergebnisse nicht zeigen. Bitte die Serverleitung, mir hier {0} zu erlauben, oder nimm einen anderen Kanal.',
  'I cannot post in <#{0}>. Give me {1} there, then try again.':
    'In <#{0}> kann ich nichts schreiben. Erlaube mir dort {1} und versuch es noch einmal.',
  'A gallery lives in a forum, media or text channel. Choose one of those.':
    'Eine Galerie braucht ein Forum, einen Medien- oder einen Textkanal. Such so einen aus.',
  'I cannot see <#{0}>. Give me **View Channel** there, then try again.':
    'Ich kann <#{0}> nicht sehen. Erlaube mir dort **View Channel** und versuch es noch einmal.',
  'The admins of this server have not opened this channel to me. Use {0}.':
    'Dieser Kanal ist auf diesem Server nicht für mich freigegeben. Nimm {0}.',
  'In this server I am for people with {0}. Ask its admins.':
    'Auf diesem Server bin ich für Leute mit {0} da. Frag die Serverleitung.',
  'Only people who may manage this server can change this. Ask one of its admins.':
    'Das können nur Leute ändern, die diesen Server verwalten dürfen. Frag die Serverleitung.',
  'The list takes at most {0}. Remove one with `forbid` first.':
    'In die Liste passen höchstens {0}. Nimm zuerst mit `forbid` etwas heraus.',
  'I cannot post my results here. Use the command in a server channel.':
    'Hier kann ich meine Ergebnisse nicht zeigen. Nimm den Befehl in einem Serverkanal.',
  'Galleries belong to servers. Use this in a server channel.':
    'Galerien gehören zu Servern. Mach das in einem Serverkanal.',

  'The prompt is empty. Write for example `a [V] dog on the beach`.':
    'Der Prompt ist leer. Schreib zum Beispiel `a [V] dog on the beach`.',
  'The prompt has {0} characters and I take at most {1}. Shorten it and try again.':
    'Der Prompt hat {0} Zeichen, und ich nehme höchstens {1}. Kürze ihn und versuch es noch einmal.',
  'The negative prompt has {0} characters and I take at most {1}. Shorten it and try again.':
    'Der negative Prompt hat {0} Zeichen, und ich nehme höchstens {1}. Kürze ihn und versuch es noch einmal.',
  'Here I draw at most {0} of one prompt. Ask for fewer.':
    'Hier zeichne ich höchstens {0} zu einem Prompt. Bitte um weniger.',
  'Here I take at most {0} steps for a picture. Ask for fewer.':
    'Hier nehme ich höchstens {0} Schritte für ein Bild. Bitte um weniger.',
  'Choose at least one option of `/defaults set`. `/defaults show` shows what stands now.':
    'Wähl mindestens eine Option von `/defaults set`. `/defaults show` zeigt, was jetzt gilt.',
  '`strength` says how far to go from a picture. Attach one as `picture`, or leave it out.':
    '`strength` sagt, wie weit es von einem Bild weggehen darf. Häng eines als `picture` an, oder lass es weg.',
  'Say where your subject goes: write `[V]` or its `[name]`, for example `a [V] dog on the beach`.':
    'Sag, wo dein Motiv hingehört: schreib `[V]` oder seinen `[Namen]`, zum Beispiel `a [V] dog on the beach`.',
  'Say where your subject goes with `[V]`. Try: {0}':
    'Sag mit `[V]`, wo dein Motiv hingehört. Versuch: {0}',
  'Nothing is called {0} here. `/subject list` shows your subjects; without brackets, it is an ordinary word.':
    'Hier heißt nichts {0}. `/subject list` zeigt deine Motive; ohne Klammern ist es ein gewöhnliches Wort.',
  'I do not know this subject. Choose one from the list that appears while you type.':
    'Dieses Motiv kenne ich nicht. Wähl eines aus der Liste, die beim Tippen erscheint.',
  'You chose **{0}**, but the prompt does not say where it goes. Write `[V]` in its place.':
    'Du hast **{0}** gewählt, aber im Prompt steht nicht, wo es hingehört. Schreib dort `[V]`.',
  'This question is too old. Use `/imagine` again.':
    'Diese Frage ist zu alt. Nimm `/imagine` noch einmal.',
  'One picture can show two subjects at most. Leave two of them in the prompt.':
    'Ein Bild kann höchstens zwei Motive zeigen. Lass zwei davon im Prompt.',
  '**{0}** and **{1}** go by the same word inside me, so one picture cannot show both. Teach me one of them again with `/train`.':
    '**{0}** und **{1}** haben bei mir innerlich dasselbe Wort, darum kann ein Bild nicht beide zeigen. Bring mir eines davon mit `/train` noch einmal bei.',
  '**{0}** was learned with whole weights, which cannot be used together with another subject. Draw it alone, or teach me it again with `/train`.':
    '**{0}** habe ich mit vollständigen Gewichten gelernt, und die gehen nicht mit einem anderen Motiv zusammen. Zeichne es allein, oder bring es mir mit `/train` noch einmal bei.',
  '**{0}** is still being learned. Try again when its message in the channel says that it is ready.':
    '**{0}** lerne ich noch. Versuch es wieder, wenn die Nachricht im Kanal sagt, dass es fertig ist.',
  '**{0}** was not learned: its training ended early. Teach it again with `/train`.':
    '**{0}** habe ich nicht gelernt: das Training endete zu früh. Bring es mir mit `/train` noch einmal bei.',

  'What I learned of **{0}** is {1} MB, and Discord takes files of at most {2} MB from me here. Whoever runs me can hand it over.':
    'Was ich über **{0}** gelernt habe, hat {1} MB, und Discord nimmt hier von mir höchstens {2} MB je Datei. Wer mich betreibt, kann es dir geben.',
  'What I learned of **{0}** is not there any more. Teach it again with `/train`.':
    'Was ich über **{0}** gelernt habe, ist nicht mehr da. Bring es mir mit `/train` noch einmal bei.',

  'Say with whom: choose `user`, `role` or `with`, or several of them.':
    'Sag, mit wem: wähl `user`, `role` oder `with`, oder mehrere davon.',
  'That is a bot, which asks for no pictures. Choose a person.':
    'Das ist ein Bot, und der will keine Bilder. Wähl eine Person.',
  'It is yours already. Choose somebody else.': 'Es gehört dir schon. Wähl jemand anderen.',
  'There is no server here. Use this in a channel of the server that you mean.':
    'Hier ist kein Server. Mach das in einem Kanal des Servers, den du meinst.',

  'Only the person who started this training can cancel it.':
    'Nur wer dieses Training gestartet hat, kann es abbrechen.',
  'Only the person who started this training can stop it.':
    'Nur wer dieses Training gestartet hat, kann es anhalten.',
  'It has not begun to learn, so there is nothing to keep yet. **Cancel** stops it.':
    'Das Lernen hat noch nicht angefangen, es gibt also nichts zu behalten. **Abbrechen** hält es an.',
  'It has made all its steps and is choosing the best of them. There is nothing left to stop.':
    'Alle Schritte sind gemacht, und das Beste davon wird gerade ausgesucht. Es gibt nichts mehr anzuhalten.',
  'What was learned then is not there any more. `/subject list` shows your subjects.':
    'Was ich damals gelernt habe, ist nicht mehr da. `/subject list` zeigt deine Motive.',
  'Only the owner of this subject can choose.': 'Das kann nur wählen, wem dieses Motiv gehört.',
  'This goes no more: its rare word belongs to another subject of yours by now. Train it again with `/train`.':
    'Das geht nicht mehr: sein seltenes Wort gehört inzwischen einem anderen deiner Motive. Bring es mir mit `/train` noch einmal bei.',
  'Only the person who asked for this picture can publish it.':
    'Nur wer um dieses Bild gebeten hat, kann es veröffentlichen.',
  'You have no such subject. `/subject list` shows yours.':
    'So ein Motiv hast du nicht. `/subject list` zeigt deine.',
  'Only the person who asked for these pictures can cancel them.':
    'Nur wer um diese Bilder gebeten hat, kann sie abbrechen.',
  'These pictures are already over.': 'Diese Bilder sind schon erledigt.',
  '**{0}** is being learned right now. Try again when its message in the channel says that it is over.':
    '**{0}** lerne ich gerade. Versuch es wieder, wenn die Nachricht im Kanal sagt, dass es vorbei ist.',
  'You have no such job. Choose one from the list that appears while you type.':
    'So einen Auftrag hast du nicht. Wähl einen aus der Liste, die beim Tippen erscheint.',
  'This job is already over.': 'Dieser Auftrag ist schon erledigt.',
  'Only a job that failed or was cancelled can be tried again.':
    'Wiederholen lässt sich nur ein Auftrag, der scheiterte oder abgebrochen wurde.',
  'This training is already over.': 'Dieses Training ist schon vorbei.',
  'I do not know this training any more.': 'Dieses Training kenne ich nicht mehr.',
  'I do not know this picture any more.': 'Dieses Bild kenne ich nicht mehr.',
  'This picture is not from this channel. Use one from here.':
    'Dieses Bild ist nicht aus diesem Kanal. Nimm eines von hier.',
  'You may not draw what this picture shows: it was deleted, or it is not shared with you here. `/imagine` draws your own subjects.':
    'Was dieses Bild zeigt, darfst du nicht zeichnen: es ist gelöscht oder hier nicht mit dir geteilt. `/imagine` zeichnet deine eigenen Motive.',
  'This began with an attached picture, which I do not keep. Use `/imagine` and attach it again.':
    'Das ging von einem angehängten Bild aus, und solche behalte ich nicht. Nimm `/imagine` und häng es noch einmal an.',
  'That would be {0} × {1} pixels, more than Discord takes from me. Choose a smaller factor.':
    'Das wären {0} × {1} Pixel, mehr als Discord von mir annimmt. Wähl einen kleineren Faktor.',
  'Only the person who asked for these pictures, or a moderator of this server, can delete them.':
    'Löschen kann diese Bilder nur, wer darum gebeten hat, oder die Moderation dieses Servers.',
  'A seed is a whole number from 0 to 4294967295. Leave it empty for any.':
    'Ein Seed ist eine ganze Zahl von 0 bis 4294967295. Lass ihn leer für irgendeinen.',
  guidance: 'Guidance',
  steps: 'Schritte',
  strength: 'Stärke',
  'The {0} must be a number from {1} to {2}. Leave it empty for the usual one.':
    'Bei {0} gehört eine Zahl von {1} bis {2} hin. Lass das Feld leer für den üblichen Wert.',
  'You have several subjects, so `[V]` could be any of them. Write {0} in its place.':
    'Du hast mehrere Motive, und `[V]` könnte jedes davon sein. Schreib stattdessen {0}.',
  "I know what my own pictures were made with, nobody else's.":
    'Ich weiß nur, wie meine eigenen Bilder entstanden sind.',
  'This message of mine shows no pictures that I drew for a prompt.':
    'Diese Nachricht von mir zeigt keine Bilder, die ich zu einem Prompt gezeichnet habe.',
  'The model here does not know how to draw that. It knows {0}.':
    'Das kann das Modell hier nicht zeichnen. Es kann {0}.',
  'Say it in a word or two, or choose from the list while you type.':
    'Sag es in ein, zwei Wörtern, oder wähl beim Tippen aus der Liste.',
  'You have no finished picture yet. Make one with `/imagine`.':
    'Du hast noch kein fertiges Bild. Mach eines mit `/imagine`.',
  'I do not know this picture. Choose one from the list that appears while you type.':
    'Dieses Bild kenne ich nicht. Wähl eines aus der Liste, die beim Tippen erscheint.',
  'You have no finished picture here yet. Make one with `/imagine`, then publish it.':
    'Du hast hier noch kein fertiges Bild. Mach eines mit `/imagine` und veröffentliche es dann.',
  'This picture was made elsewhere. Publish it in the server where you asked for it.':
    'Dieses Bild ist anderswo entstanden. Veröffentliche es auf dem Server, auf dem du darum gebeten hast.',
  'The moderators of this server have taken this picture down. Ask them, or publish another one.':
    'Die Moderation dieses Servers hat dieses Bild entfernt. Frag dort nach, oder veröffentliche ein anderes.',
  'This picture is not in the gallery of this server. `/gallery browse` shows what is.':
    'Dieses Bild ist nicht in der Galerie dieses Servers. `/gallery browse` zeigt, was darin ist.',
  'Only its author, the owner of the subject in it and moderators take a picture out of the gallery. You can report it.':
    'Aus der Galerie nehmen kann ein Bild nur, wer es gemacht hat, wem das Motiv darin gehört, oder die Moderation. Du kannst es melden.',
  'This picture is yours: the votes of others count.':
    'Dieses Bild ist deins: es zählen die Stimmen der anderen.',
  'This is decided already. `/gallery mine` shows what waits for you.':
    'Das ist schon entschieden. `/gallery mine` zeigt, was auf dich wartet.',
  'Only the owner of the subject in this picture decides about it.':
    'Darüber entscheidet nur, wem das Motiv in diesem Bild gehört.',
  'I take reports of my own messages only. For others, use the report of Discord itself.':
    'Ich nehme nur Meldungen zu meinen eigenen Nachrichten an. Für andere nimm die Meldung von Discord selbst.',
  'This server takes no reports. Ask one of its admins to choose a channel with `/config moderators`.':
    'Dieser Server nimmt keine Meldungen an. Bitte die Serverleitung, mit `/config moderators` einen Kanal zu wählen.',
  'Only moderators of this server decide about reports.':
    'Über Meldungen entscheidet nur die Moderation dieses Servers.',
  'I know no such report in this server.': 'So eine Meldung kenne ich auf diesem Server nicht.',
  'Another moderator was faster: this is decided already.':
    'Jemand aus der Moderation war schneller: das ist schon entschieden.',
  'This button is from an older version of me. Use the command again.':
    'Dieser Knopf stammt von einer älteren Version von mir. Nimm den Befehl noch einmal.',
  'I do not know this command any more. Reload Discord and try again.':
    'Diesen Befehl kenne ich nicht mehr. Lade Discord neu und versuch es noch einmal.',
  'Something went wrong on my side. Try again in a minute. (Error {0})':
    'Bei mir ist etwas schiefgegangen. Versuch es in einer Minute noch einmal. (Fehler {0})',
} as const;
