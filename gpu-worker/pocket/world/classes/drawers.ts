/** @file The exhaustive list of class drawers. */

import type { Drawer } from '../drawing.ts';
import type { ClassName } from '../scene.ts';
import { drawBird, drawCat, drawDog, drawFish } from './animals.ts';
import { drawCandle, drawClock, drawTeapot, drawVase } from './household.ts';
import { drawCar, drawStuffedAnimal, drawToyRobot } from './toys.ts';
import { drawBackpack, drawBoot, drawSneaker } from './wearables.ts';

/** How each class is drawn. */
export const DRAWERS: Record<ClassName, Drawer> = {
  cat: drawCat,
  dog: drawDog,
  bird: drawBird,
  fish: drawFish,
  'stuffed animal': drawStuffedAnimal,
  'toy robot': drawToyRobot,
  car: drawCar,
  teapot: drawTeapot,
  backpack: drawBackpack,
  vase: drawVase,
  candle: drawCandle,
  clock: drawClock,
  boot: drawBoot,
  sneaker: drawSneaker,
};
