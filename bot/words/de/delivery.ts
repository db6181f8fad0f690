/** @file German: what is said where something did not get through. */

/** See the file's head. */
export const delivery = {
  '<@{0}> My answer to you did not get through. `/jobs list` shows what I have taken in; if it is not there, please ask again.':
    '<@{0}> Meine Antwort an dich ist nicht angekommen. `/jobs list` zeigt, was ich angenommen habe; steht es nicht da, frag bitte noch einmal.',
  'waiting for your Start': 'wartet auf dein „Los“',
  'waiting for your Start, see `/jobs show`': 'wartet auf dein „Los“, siehe `/jobs show`',
  '. I could not post it: `/jobs show` does':
    '. Veröffentlichen konnte ich es nicht: `/jobs show` zeigt es',
  'Where I cannot post in a channel, I write to you directly from now on. `/jobs dm` takes that back.':
    'Wo ich in einem Kanal nichts posten kann, schreibe ich dir ab jetzt direkt. `/jobs dm` nimmt das zurück.',
  'I do not write to you directly. What I cannot post in a channel is in `/jobs`.':
    'Ich schreibe dir nicht direkt. Was ich in einem Kanal nicht posten kann, steht in `/jobs`.',
} as const;
