/** What a picture is drawn by; the page's style sheet stays behind. */
const KEPT = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'opacity',
  'font-size',
  'font-family',
  'text-anchor',
];
const HEAD_PX = 28;
const SVG = 'http://www.w3.org/2000/svg';

/** A chart as an SVG file of its own, as it is seen, with its name above it. */
export function pictureOf(chart: SVGSVGElement, title: string): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [seen, drawn] = [chart.querySelectorAll('*'), copy.querySelectorAll('*')];
  for (const [place, element] of [...drawn].entries()) {
    const style = getComputedStyle(seen[place]!);
    for (const name of KEPT) element.setAttribute(name, style.getPropertyValue(name));
    element.removeAttribute('class');
  }
  const { width, height } = chart.getBoundingClientRect();
  const { color, fontFamily } = getComputedStyle(chart);
  const picture = document.createElementNS(SVG, 'svg');
  const make = (name: string, attributes: Readonly<Record<string, string | number>>) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    picture.append(element);
    return element;
  };
  picture.setAttribute('viewBox', `0 0 ${width} ${height + HEAD_PX}`);
  picture.setAttribute('width', String(width));
  picture.setAttribute('height', String(height + HEAD_PX));
  make('rect', { width: '100%', height: '100%', fill: groundOf(chart) });
  make('text', { x: 8, y: 18, fill: color, 'font-size': 13, 'font-family': fontFamily }).textContent = title;
  make('g', { transform: `translate(0 ${HEAD_PX})` }).append(...copy.childNodes);
  return new XMLSerializer().serializeToString(picture);
}

/** Of the next box that has one. */
function groundOf(element: Element): string {
  for (let box: Element | null = element; box !== null; box = box.parentElement) {
    const { backgroundColor } = getComputedStyle(box);
    if (backgroundColor !== 'transparent' && backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
  }
  return 'white';
}
