// The cores must be pure: same inputs, same answer. What dependency-cruiser cannot see — globals that reach the clock, chance, timers or
// the host, and promises — is found here in the syntax tree. Usage: node tools/purity-check.mjs [project root]
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const CORES = ['consensus', 'failover', 'operations'];
/** Simulated worlds for the cores' own tests may do as tests do. */
const TESTS = /(\.spec\.ts|\.d\.ts)$|\/testing(\/|\.ts$)/;

const GLOBALS = new Set(
  (
    'performance process Buffer crypto fetch queueMicrotask structuredClone console globalThis global require Worker WebSocket EventSource ' +
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate Promise Atomics SharedArrayBuffer WeakRef FinalizationRegistry'
  ).split(' '),
);
const MEMBERS = new Set(['Date.now', 'Math.random']);

/** @returns [{ line, found }] of everything in a source text that a core must not have. */
export function impurities(fileName, text) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2023, true);
  const found = [];
  const report = (node, what) =>
    found.push({ line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, found: what });
  const visit = (node) => {
    judge(node, report);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function judge(node, report) {
  if (ts.isAwaitExpression(node)) report(node, 'await');
  else if (node.kind === ts.SyntaxKind.AsyncKeyword) report(node, 'async');
  else if (ts.isImportDeclaration(node) && /^node:/.test(node.moduleSpecifier.text)) report(node, node.moduleSpecifier.text);
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) report(node, 'import()');
  else if (ts.isPropertyAccessExpression(node) && MEMBERS.has(node.getText())) report(node, node.getText());
  // `new Date(x)` and Date.UTC compute; only the two forms without arguments read the clock.
  else if (
    (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
    node.expression.getText() === 'Date' &&
    !node.arguments?.length
  )
    report(node, `${node.getText()} reads the clock`);
  else if (ts.isIdentifier(node) && GLOBALS.has(node.text) && isUse(node)) report(node, node.text);
}

/** A name that means the global, and not a property, a declaration or a key that happens to be called so. */
function isUse(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return (
    !('name' in parent && parent.name === node) &&
    !('propertyName' in parent && parent.propertyName === node) &&
    !ts.isLabeledStatement(parent)
  );
}

export function checkCores(root) {
  return CORES.flatMap((core) => {
    const src = join(root, 'libs', core, 'src');
    return readdirSync(src, { recursive: true, encoding: 'utf8' })
      .map((name) => join(src, name))
      .filter((path) => path.endsWith('.ts') && !TESTS.test(path))
      .flatMap((path) =>
        impurities(path, readFileSync(path, 'utf8')).map(
          ({ line, found }) => `${relative(root, path)}:${line}: ${found} in a pure core`,
        ),
      );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = checkCores(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
  for (const line of lines) console.log(line);
  process.exit(lines.length === 0 ? 0 : 1);
}
