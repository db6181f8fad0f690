/** @file The numeric ids that Discord gives to components which came without one. */
import type { ComponentJson } from './json.ts';
import { asComponents, asNumber } from './json.ts';

/** @returns the components with a number for each that came without, depth first, from 1 */
export function numberComponents(components: ComponentJson[]): ComponentJson[] {
  const taken = new Set<number>();
  const collect = (component: ComponentJson): void => {
    const id = asNumber(component.id) ?? 0;
    if (id > 0) taken.add(id);
    for (const child of asComponents(component.components)) collect(child);
    for (const child of asComponents([component.accessory, component.component])) {
      collect(child);
    }
  };
  for (const component of components) collect(component);
  let next = 0;
  const number = (component: ComponentJson): ComponentJson => {
    let id = asNumber(component.id) ?? 0;
    if (id === 0) {
      do next += 1;
      while (taken.has(next));
      id = next;
    }
    const numbered: ComponentJson = { ...component, id };
    if (component.components) {
      numbered.components = asComponents(component.components).map(number);
    }
    for (const key of ['accessory', 'component']) {
      const [child] = asComponents([component[key]]);
      if (child) numbered[key] = number(child);
    }
    return numbered;
  };
  return components.map(number);
}
