import type { ScopeView } from '@yosugara/protocol';
import { useMemo } from 'react';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Expander } from './expander.js';
import { shownScopes } from './scope-model.js';
import { useToggled } from './use-toggled.js';

interface ScopeTreeProps {
  readonly scopes: readonly ScopeView[];
  readonly nodes: number;
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** Scopes as they lie in each other; whoever chooses one sees its nodes. */
export function ScopeTree({ scopes, nodes, chosen, onChoose }: ScopeTreeProps) {
  const { t, language } = useText();
  const [folded, toggle] = useToggled();
  const lines = useMemo(() => shownScopes(scopes, folded), [scopes, folded]);
  return (
    <nav className="scope-tree panel" aria-label={t('repository.scopes')} data-testid="scope-tree">
      <ul>
        <li>
          <button type="button" className="scope" aria-current={chosen === ''} onClick={() => onChoose('')}>
            <span className="scope-name">{t('repository.all')}</span>
            <span className="dim tabular">{integer(nodes, language)}</span>
          </button>
        </li>
        {lines.map(({ scope, depth, hasBelow, isOpen }) => (
          <li key={scope.id} style={{ paddingLeft: `${depth * 14}px` }} className="scope-line">
            {hasBelow ? (
              <Expander name={scope.name} isOpen={isOpen} onToggle={() => toggle(scope.id)} />
            ) : (
              <span className="scope-leaf" />
            )}
            <button
              type="button"
              className={scope.enabled ? 'scope' : 'scope off'}
              aria-current={chosen === scope.id}
              onClick={() => onChoose(scope.id)}
              title={`${scope.id} · ${scope.path}`}
              data-testid="scope"
              data-id={scope.id}
            >
              <span className={scope.builtIn ? 'scope-name dim' : 'scope-name'}>
                {scope.builtIn ? named(t, 'builtInScope', scope.id) : visible(scope.name)}
              </span>
              <span className="dim tabular">{integer(scope.nodesBelow, language)}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
