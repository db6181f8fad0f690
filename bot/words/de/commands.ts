/** @file German: descriptions of commands, options and choices. Discord takes 100 characters of each. */

/** See the file's head. */
export const commands = {
  'Teach me your subject from 3 to 10 photos that you may use':
    'Bring mir dein Motiv bei, mit 3 bis 10 Fotos, die du verwenden darfst',
  'What it is, in one to three plain words': 'Was es ist, in ein bis drei einfachen Wörtern',
  'Its name, which you will write as [name] in prompts':
    'Sein Name, den du in Prompts als [Name] schreibst',
  'I may use these photos to make pictures; they are stored encrypted until I delete the subject':
    'Ich darf aus den Fotos Bilder machen; sie bleiben verschlüsselt gespeichert, bis ich es lösche',
  'A photo; without any, a form opens': 'Ein Foto; ohne Fotos öffnet sich ein Formular',
  'What you have asked me for': 'Worum du mich gebeten hast',
  'Show your latest jobs': 'Deine letzten Aufträge zeigen',
  'Show how far a job is, or what came of it':
    'Zeigen, wie weit ein Auftrag ist oder was daraus wurde',
  'Stop a job': 'Einen Auftrag anhalten',
  'Try a job again that failed or was cancelled':
    'Einen Auftrag wiederholen, der scheiterte oder abgebrochen wurde',
  'Whether I write to you directly where I cannot post in a channel':
    'Ob ich dir direkt schreibe, wo ich in einem Kanal nichts posten kann',
  'At first I do not': 'Anfangs nicht',

  'Draw your subject anywhere': 'Zeichne dein Motiv, wo immer du willst',
  'What to draw, with [V] or [name] where your subject goes':
    'Was zu zeichnen ist, mit [V] oder [Name], wo dein Motiv hingehört',
  'Which subject [V] stands for': 'Für welches Motiv [V] steht',
  'How many pictures, 1 to 4': 'Wie viele Bilder, 1 bis 4',
  'Width to height': 'Breite zu Höhe',
  'The same seed draws the same picture': 'Derselbe Seed zeichnet dasselbe Bild',
  'A picture to start from; it is deleted when mine is drawn':
    'Ein Bild als Anfang; es wird gelöscht, sobald meines fertig ist',
  'How far to go from that picture: 0.3 stays near it, 0.9 goes far':
    'Wie weit es von diesem Bild weggeht: 0,3 bleibt nah dran, 0,9 geht weit weg',
  'How closely to follow the prompt; high values look harsh':
    'Wie genau der Prompt befolgt wird; hohe Werte wirken grell',
  'How many steps a picture takes; more is slower':
    'Wie viele Schritte ein Bild braucht; mehr dauert länger',
  'The method that the steps follow': 'Nach welchem Verfahren die Schritte gehen',

  'Draw your subject in a way that needs few words':
    'Zeichne dein Motiv auf eine Art, die wenige Worte braucht',
  'Put your subject somewhere else': 'Versetze dein Motiv an einen anderen Ort',
  'For example: in the jungle': 'Auf Englisch, zum Beispiel: in the jungle',
  'Which subject; without it, your only one or your default':
    'Welches Motiv; sonst dein einziges oder deine Vorgabe',
  'Paint your subject in the style of somebody or something':
    'Male dein Motiv im Stil von jemandem oder etwas',
  'For example: Vincent van Gogh': 'Zum Beispiel: Vincent van Gogh',
  'Make a statue of your subject': 'Mach eine Statue aus deinem Motiv',
  'For example: marble': 'Auf Englisch, zum Beispiel: marble',
  'Look at your subject from another side': 'Sieh dein Motiv von einer anderen Seite an',
  'For example: the back': 'Auf Englisch, zum Beispiel: the back',
  'Dress your subject': 'Zieh deinem Motiv etwas an',
  'For example: a red hat': 'Auf Englisch, zum Beispiel: a red hat',
  'Give your subject another colour or surface':
    'Gib deinem Motiv eine andere Farbe oder Oberfläche',
  'For example: purple': 'Auf Englisch, zum Beispiel: purple',
  'Cross your subject with another kind of creature or thing':
    'Kreuze dein Motiv mit einem anderen Wesen oder Ding',
  'For example: bear': 'Auf Englisch, zum Beispiel: bear',
  'Give your subject a mood': 'Gib deinem Motiv eine Stimmung',
  'For example: sleeping': 'Auf Englisch, zum Beispiel: sleeping',
  'Put your subject into a comic': 'Steck dein Motiv in einen Comic',
  'For example: flying over a city': 'Auf Englisch, zum Beispiel: flying over a city',

  'Draw variations of a picture of yours': 'Zeichne Variationen eines deiner Bilder',
  'How far to go from the picture; without it, a lot':
    'Wie weit es vom Bild weggehen darf; sonst: stark',
  'a little': 'leicht',
  'a lot': 'stark',
  'Which prompt of yours; without it, your latest': 'Welcher deiner Prompts; sonst der letzte',
  'Which of its pictures, 1 to 4; without it, the first':
    'Welches seiner Bilder, 1 bis 4; sonst das erste',
  'How many variations, 1 to 4; without it, as many as there were pictures':
    'Wie viele Variationen, 1 bis 4; sonst so viele, wie es Bilder waren',
  'Enlarge a picture of yours by resampling: more pixels, no new detail':
    'Vergrößere eines deiner Bilder durch Hochrechnen: mehr Pixel, keine neuen Einzelheiten',
  'How many times as wide and high; without it, twice':
    'Wievielmal so breit und hoch; sonst doppelt',

  'What you have taught me': 'Was du mir beigebracht hast',
  'Show your subjects': 'Deine Motive zeigen',
  'Show with whom a subject is shared, and who used it':
    'Zeigen, mit wem ein Motiv geteilt ist und wer es benutzt hat',
  'Which one': 'Welches Motiv',
  'Which language': 'Welche Sprache',
  'Give a subject another name': 'Einem Motiv einen anderen Namen geben',
  'Its new name': 'Sein neuer Name',
  'Choose which subject [V] stands for': 'Auswählen, für welches Motiv [V] steht',
  'Let others draw a subject of yours': 'Andere eines deiner Motive zeichnen lassen',
  'One person': 'Eine Person',
  'Everybody here who has this role': 'Alle hier, die diese Rolle haben',
  'The server, or everyone': 'Der Server, oder alle',
  'everyone who uses me': 'allen, die mich benutzen',
  'all of them': 'allen, mit denen es geteilt ist',
  'Take a subject back that you shared': 'Ein geteiltes Motiv zurücknehmen',
  'Train a subject on from what I have learned of it':
    'Ein Motiv weiterlernen lassen, von dem aus, was ich schon weiß',
  'How many more; without it, as many as before': 'Wie viele mehr; sonst so viele wie zuvor',
  'Get what I learned of a subject as a file, for your eyes only':
    'Was ich über ein Motiv gelernt habe, als Datei nur für dich',
  'Delete a subject with its photos': 'Ein Motiv mit seinen Fotos löschen',

  'What you want of pictures where you do not say':
    'Wie Bilder werden sollen, wenn du nichts dazu sagst',
  'Show your defaults': 'Deine Vorgaben zeigen',
  'Choose what pictures are like where you do not say':
    'Bestimmen, wie Bilder werden, wenn du nichts dazu sagst',
  'Go back to what I recommend': 'Zurück zu dem, was ich empfehle',
  'Which one; without it, all of them': 'Welche; sonst alle',

  "This server's gallery": 'Die Galerie dieses Servers',
  'Put a picture of yours into the gallery': 'Eines deiner Bilder in die Galerie stellen',
  'Which prompt; without it, your latest': 'Welcher Prompt; sonst dein letzter',
  'Which of its pictures, 1 to 4': 'Welches seiner Bilder, 1 bis 4',

  'What I may do in this server': 'Was ich auf diesem Server darf',
  'Show all settings': 'Alle Einstellungen zeigen',
  'Post published pictures into a channel, or only into /gallery browse':
    'Veröffentlichte Bilder in einem Kanal zeigen, oder nur in /gallery browse',
  'A forum, media or text channel; without one, no posts':
    'Ein Forum, Medien- oder Textkanal; ohne ihn keine Beiträge',
  'Send reports into a channel of the moderators':
    'Meldungen an einen Kanal der Moderation schicken',
  'Which one; without one, I take no reports': 'Welcher; ohne ihn nehme ich keine Meldungen an',
  'Choose how many votes bring a picture into the hall of fame':
    'Bestimmen, wie viele Stimmen ein Bild in die Hall of Fame bringen',
  'How many, 1 to 1000': 'Wie viele, 1 bis 1000',
  'Choose the channels in which I may be used; none means all':
    'Die Kanäle bestimmen, in denen ich benutzt werden darf; keine heißt alle',
  'One more; a category opens all of its channels': 'Dazu; eine Kategorie öffnet alle ihre Kanäle',
  'One less': 'Weg',
  'Forget the whole list': 'Die ganze Liste vergessen',
  'Choose the roles that may use me; none means everybody':
    'Die Rollen bestimmen, die mich benutzen dürfen; keine heißt alle',
  'One more': 'Dazu',
  'Choose the language of my public posts': 'Die Sprache meiner öffentlichen Beiträge bestimmen',

  'How to begin, and what I can do': 'Wie du anfängst, und was ich kann',
  'More about one thing': 'Mehr über eine Sache',

  '1:1 square': '1:1 Quadrat',
  '4:3 landscape': '4:3 Querformat',
  '3:4 portrait': '3:4 Hochformat',
  '3:2 landscape': '3:2 Querformat',
  '2:3 portrait': '2:3 Hochformat',
  '16:9 wide': '16:9 Breitbild',
  '9:16 phone': '9:16 Handy',
  'DDIM, trailing steps': 'DDIM, Schritte vom Ende her',
  'DDPM (takes 50 steps and more)': 'DDPM (braucht 50 Schritte und mehr)',
  'LCM (for distilled bases only)': 'LCM (nur für destillierte Basen)',
} as const;
