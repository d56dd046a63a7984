/** The syntax tree that the library's parser makes; it does not export these types. */
export type Token = { value: string; type: string };

export type Node =
  | { readonly type: 'If'; readonly test: Node; readonly body: Body; readonly alternate: Body }
  | {
      readonly type: 'For';
      readonly loopvar: Node;
      readonly iterable: Node;
      readonly body: Body;
      readonly defaultBlock: Body;
    }
  | { readonly type: 'Break' | 'Continue' | 'Comment' }
  | {
      readonly type: 'Set';
      readonly assignee: Node;
      readonly value: Node | null;
      readonly body: Body;
    }
  | MacroNode
  | {
      readonly type: 'CallStatement';
      readonly call: CallNode;
      readonly callerArgs: readonly Node[] | null;
      readonly body: Body;
    }
  | { readonly type: 'FilterStatement'; readonly filter: FilterNode; readonly body: Body }
  | {
      readonly type: 'MemberExpression';
      readonly object: Node;
      readonly property: Node;
      readonly computed: boolean;
    }
  | CallNode
  | IdentifierNode
  | { readonly type: 'IntegerLiteral' | 'FloatLiteral'; readonly value: number }
  | { readonly type: 'StringLiteral'; readonly value: string }
  | { readonly type: 'ArrayLiteral' | 'TupleLiteral'; readonly value: readonly Node[] }
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Node, Node> }
  | {
      readonly type: 'BinaryExpression';
      readonly operator: Token;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly type: 'FilterExpression'; readonly operand: Node; readonly filter: FilterNode }
  | { readonly type: 'SelectExpression'; readonly lhs: Node; readonly test: Node }
  | {
      readonly type: 'TestExpression';
      readonly operand: Node;
      readonly negate: boolean;
      readonly test: IdentifierNode;
    }
  | { readonly type: 'UnaryExpression'; readonly operator: Token; readonly argument: Node }
  | {
      readonly type: 'SliceExpression';
      readonly start?: Node;
      readonly stop?: Node;
      readonly step?: Node;
    }
  | KeywordNode
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Node }
  | {
      readonly type: 'Ternary';
      readonly condition: Node;
      readonly trueExpr: Node;
      readonly falseExpr: Node;
    };

export type Body = readonly Node[];

type IdentifierNode = { readonly type: 'Identifier'; readonly value: string };

type CallNode = {
  readonly type: 'CallExpression';
  readonly callee: Node;
  readonly args: readonly Node[];
};

export type FilterNode = IdentifierNode | CallNode;

type KeywordNode = {
  readonly type: 'KeywordArgumentExpression';
  readonly key: IdentifierNode;
  readonly value: Node;
};

type MacroNode = {
  readonly type: 'Macro';
  readonly name: IdentifierNode;
  readonly args: readonly Node[];
  readonly body: Body;
};
