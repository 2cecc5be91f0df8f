import { type RecipeFields, rawOf, recipeOf } from '@yosugara/store';
import { must } from './target.js';

/** What the database keeps instead of the bytes gives them back. */
export function checkRecipe(message: RecipeFields, input: Uint8Array): void {
  const recipe = recipeOf(input, message);
  if (recipe === null) return;
  must(recipe.length < input.length, 'a recipe that saves nothing');
  must(rawOf(recipe, message).equals(input), 'the recipe gives other bytes');
}
