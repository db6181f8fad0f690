/** @file Styles that galleries are sorted by: what a prompt says of how its picture is made. Pure. */

/** Order is meaning: custom ids name a style by its place, and of two that a prompt mentions the earlier one counts. */
const words = {
  watercolour: 'watercolour|watercolor|aquarelle',
  'pixel-art': 'pixel art|pixel-art|8-bit|16-bit|pixelated',
  comic: 'comic|comics|manga|anime|cartoon|cartoonish',
  sculpture: 'sculpture|statue|statuette|figurine|bronze|marble|bust',
  drawing: 'drawing|drawn|sketch|sketched|pencil|charcoal|ink|crayon|doodle',
  mosaic: 'mosaic|stained glass|stained-glass',
  painting:
    'painting|painted|oil|acrylic|gouache|fresco|impressionist|expressionist|cubist|van gogh|monet|vermeer|rembrandt|picasso|hokusai',
  '3d': '3d|3-d|render|rendered|lego|clay|claymation|origami|voxel|blocks',
  poster: 'poster|logo|sticker|icon|stamp|vector',
  photo: 'photo|photograph|photographed|photorealistic|polaroid|selfie|dslr',
} as const;

/** A style, as rows have it. */
export type Style = keyof typeof words;

/** Every style, in the order that custom ids count on: only ever add at the end. */
export const styles = Object.keys(words) as Style[];

const patterns = styles.map((style) => ({
  style,
  pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${words[style]})(?![\\p{L}\\p{N}])`, 'iu'),
}));

/** @returns the style that the prompt mentions, or null */
export function findStyle(prompt: string): Style | null {
  // What stands in brackets is a name: a subject called Marble is no sculpture.
  const said = prompt.replace(/\[[^[\]]*\]/gu, ' ');
  return patterns.find(({ pattern }) => pattern.test(said))?.style ?? null;
}
