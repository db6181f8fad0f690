/** @file German: subjects, and with whom they are shared. */

/** See the file's head. */
export const subjects = {
  'being learned': 'wird gerade gelernt',
  ready: 'bereit',
  'not learned': 'nicht gelernt',
  'not learned: cancelled': 'nicht gelernt: abgebrochen',
  'not learned: {0}': 'nicht gelernt: {0}',
  'ready (I could not post its samples)':
    'bereit (seine Probebilder konnte ich nicht veröffentlichen)',
  'You have not taught me anything yet. Start with `/train` and a few photos.':
    'Du hast mir noch nichts beigebracht. Fang mit `/train` und ein paar Fotos an.',
  '**{0}** is called **{1}** from now on: write {2} in prompts. Posts keep the name that they were made with.':
    '**{0}** heißt ab jetzt **{1}**: schreib {2} in Prompts. Veröffentlichtes behält den Namen, mit dem es entstand.',
  '{0} stands for **{1}** in your prompts from now on. `/defaults reset` takes it back.':
    '{0} steht ab jetzt in deinen Prompts für **{1}**. `/defaults reset` nimmt das zurück.',
  'its photos': 'seine Fotos',
  'what I learned from them': 'was ich daraus gelernt habe',
  'my copies of its pictures': 'meine Kopien seiner Bilder',
  'Delete **{0}** with {1}? This cannot be undone.':
    '**{0}** löschen? Damit verschwinden auch: {1}. Das lässt sich nicht rückgängig machen.',
  '**{0}**, its photos and my copies of its pictures are deleted.':
    '**{0}**, seine Fotos und meine Kopien seiner Bilder sind gelöscht.',
  'Nothing was deleted.': 'Es wurde nichts gelöscht.',
  'a LoRA for UNet and text encoder, named as diffusers names it':
    'eine LoRA für UNet und Text-Encoder, benannt wie in diffusers',
  'whole weights of UNet and text encoder in half precision':
    'vollständige Gewichte von UNet und Text-Encoder in halber Genauigkeit',
  '**{0}**: {1}, on the base {2}. In prompts it is {3}.':
    '**{0}**: {1}, auf der Basis {2}. In Prompts heißt es {3}.',
  'Weights of {0}': 'Gewichte von {0}',
  ', shared with you': ', mit dir geteilt',
  ', shared with your role': ', mit deiner Rolle geteilt',
  ', shared with this server': ', mit diesem Server geteilt',
  ', shared with everyone': ', mit allen geteilt',
  'without a name': 'ohne Namen',

  // With whom: all of them follow "mit".
  'the role <@&{0}>': 'der Rolle <@&{0}>',
  'this server': 'diesem Server',
  'another server': 'einem anderen Server',
  everyone: 'allen',
  '{0} more': '{0} weiteren',
  '**{0}** is shared with {1}.': '**{0}** ist jetzt geteilt mit {1}.',
  'They write {0} in their prompts. Your photos stay yours alone.':
    'Im Prompt schreibt man dafür {0}. Deine Fotos sieht weiterhin niemand außer dir.',
  '`/subject info` shows who used it, `/subject revoke` takes it back.':
    '`/subject info` zeigt, wer es benutzt hat, `/subject revoke` nimmt es zurück.',
  '**{0}** was not shared with them. Nothing changed.':
    '**{0}** war damit nicht geteilt. Es bleibt alles, wie es war.',
  ' {0} ended by it.': ' Dadurch beendet: {0}.',
  ' No prompt was waiting for it.': ' Es hat kein Prompt darauf gewartet.',
  '**{0}** is no longer shared with {1}.{2}': '**{0}** ist nicht mehr geteilt mit {1}.{2}',
  '{0}, since {1}': '{0}, seit {1}',
  '{0} in galleries': '{0} in Galerien',
  'Private: only you can use it': 'Privat: nur du kannst es benutzen',
  'Shared with {0}': 'Geteilt mit {0}',
  'Nobody else has used it': 'Sonst hat es noch niemand benutzt',
  '1 person': '1 Person',
  '{0} people': '{0} Personen',
  'Used by others: {0} of {1}': 'Von anderen benutzt: {0} von {1}',
  '• <@{0}>: {1}, last {2}': '• <@{0}>: {1}, zuletzt {2}',
} as const;
