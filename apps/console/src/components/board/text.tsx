import type { WidgetOf } from '@yosugara/protocol';
import { Children, type ReactNode } from 'react';
import { Link } from 'react-router';
import { visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Frame, titleOf } from './frame.js';
import { type Block, blocksOf, type Inline } from './markdown-model.js';

function inline(piece: Inline): ReactNode {
  const text = visible(piece.text);
  switch (piece.kind) {
    case 'strong':
      return <strong>{text}</strong>;
    case 'emphasis':
      return <em>{text}</em>;
    case 'code':
      return <code>{text}</code>;
    case 'link':
      return piece.isOurs ? (
        <Link to={piece.to}>{text}</Link>
      ) : (
        <a href={piece.to} target="_blank" rel="noopener noreferrer">
          {text}
        </a>
      );
    default:
      return text;
  }
}

/** Pieces of a text have no names, and are made anew with it. */
const inOrder = (pieces: readonly ReactNode[]) => Children.toArray(pieces);
const inlines = (pieces: readonly Inline[]) => inOrder(pieces.map((piece) => inline(piece)));

function block(of: Block): ReactNode {
  switch (of.kind) {
    case 'heading':
      // Below the widget's title, however deep whoever wrote it begins.
      return <h3 className={`heading-${of.level}`}>{inlines(of.of)}</h3>;
    case 'list': {
      const List = of.isOrdered ? 'ol' : 'ul';
      // biome-ignore lint/correctness/useJsxKeyInIterable: they are given theirs by their order.
      return <List>{inOrder(of.items.map((item) => <li>{inlines(item)}</li>))}</List>;
    }
    case 'code':
      return <pre className="mono">{visible(of.text, true)}</pre>;
    case 'rule':
      return <hr />;
    default:
      return (
        <p>
          {inOrder(
            of.lines.map((line, at) => (
              <>
                {at > 0 && <br />}
                {inlines(line)}
              </>
            )),
          )}
        </p>
      );
  }
}

export function TextWidget({ widget }: { readonly widget: WidgetOf<'text'> }) {
  const { t } = useText();
  const blocks = blocksOf(widget.text);
  return (
    <Frame widget={widget} empty={blocks.length === 0 ? t('board.noText') : null}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys. */}
      <section className="widget-text" tabIndex={0} aria-label={visible(titleOf(widget, t))}>
        {inOrder(blocks.map((each) => block(each)))}
      </section>
    </Frame>
  );
}
