/// The arithmetic of a training step, compiled for one instruction set.
///
/// Every implementation gives the same bits. A product adds its terms with fused multiply-adds in
/// ascending order, in one chain per output element. Everything else works element by element or
/// sums in a documented order. So the vector width changes no result.
public protocol KernelSet: SendableMetatype {
    /// The name that `TERN_KERNELS` and the logs use, such as `avx512`.
    static var name: String { get }

    // Products

    /// C (+)= A·B, where C is `shape.rows` x `shape.columns`.
    ///
    /// `b` and `c` must have a column stride of 1; `a` may be transposed.
    static func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, _ shape: ProductShape)

    /// Each row of C = start + A·B + A'·B', where C is `rows` x `start.count`.
    ///
    /// Each element is one chain: the start, the first product's terms, then the second's, if any.
    static func multiply(
        _ first: ProductTerms, plus second: ProductTerms?, onto start: Vector, into c: Matrix,
        rows: Int)

    /// C (+)= A·B + A'·B', where C is `rows` x `columns`.
    ///
    /// Each element is one chain: the first product's terms, then the second's, if any.
    static func multiply(
        _ first: ProductTerms, plus second: ProductTerms?, into c: Matrix, rows: Int, columns: Int,
        accumulates: Bool)

    /// Packs some terms of a left operand, whose rows are `columns` of the source's rows.
    static func pack(
        _ source: TermRows, columns: Range<Int>, into packed: PackedRows, at term: Int)

    /// C = the sum over a tree of products of a packed left with a packed right operand: see
    /// ``TreeProduct``.
    ///
    /// `pending` has room for the sums that wait for their siblings.
    static func multiply(
        _ left: PackedRows, _ right: PackedColumns, leaves: [TreeLeaf], lacksLeading: Bool,
        pending: Vector, into c: Matrix, accumulates: Bool)

    /// target[j] (+)= the sum of the rows of `source` over `shape`'s depth, in ascending order.
    static func addRows(_ source: Matrix, into target: Vector, _ shape: ProductShape)

    /// Writes a row into each of `rows` rows of `target`.
    static func fillRows(_ target: Matrix, rows: Int, with row: Vector)

    /// target[i][j] = source[i][j] for a source of `rows` x `columns`.
    static func copyRows(_ source: Matrix, into target: Matrix, rows: Int, columns: Int)

    /// The width of the next panel of a ``PackedMatrix`` when `columns` columns are left.
    static func panelWidth(ofColumns columns: Int) -> Int

    /// target[j][i] = source[i][j] for a source of `rows` x `columns`.
    static func transpose(_ source: Matrix, into target: Matrix, rows: Int, columns: Int)

    // Activations

    /// Replaces each value by its hyperbolic tangent, within 3 ulp.
    static func tanh(_ values: Vector)

    /// gradient *= 1 - output², the derivative of ``tanh(_:)`` in terms of its output.
    static func tanhBackward(_ gradient: Vector, output: Vector)

    /// Replaces each negative value by zero.
    static func relu(_ values: Vector)

    /// gradient = 0 where the output of ``relu(_:)`` is not positive.
    static func reluBackward(_ gradient: Vector, output: Vector)

    /// One time step of LSTM cells: turns the preactivations into the gates and fills the rest.
    static func lstm(_ step: LSTMStep, rows: Int, columns: Int)

    /// The derivative of ``lstm(_:rows:columns:)``: turns the gates into the gradient with respect
    /// to their preactivations.
    ///
    /// On entry, `stateGradient` is with respect to this step's state; on return, to the previous
    /// one.
    static func lstmBackward(
        _ step: LSTMStep, hiddenGradient: Matrix, stateGradient: Matrix, rows: Int, columns: Int)

    /// One time step of GRU cells: turns the preactivations into the gates and fills `hidden`.
    static func gru(_ step: GRUStep, rows: Int, columns: Int)

    /// The derivative of ``gru(_:rows:columns:)``: turns the gates into the gradient with respect
    /// to their preactivations.
    ///
    /// Adds to `previousGradient` the part that does not pass through the gates' preactivations.
    static func gruBackward(
        _ step: GRUStep, hiddenGradient: Matrix, previousGradient: Matrix?, rows: Int, columns: Int)

    // Convolution

    /// Writes each pixel's 3 x 3 neighbourhood in all channels as a row: [rows columns][channels 9].
    ///
    /// Places beyond the edges are zero. The columns have the order of PyTorch's convolution
    /// weights.
    static func patches(of maps: Vector, _ shape: MapShape, into patches: Matrix)

    /// Adds each row of ``patches(of:_:into:)`` back to the pixels it came from.
    static func addPatches(_ patches: Matrix, _ shape: MapShape, to maps: Vector)

    /// Rectifies preactivations [rows columns][channels] and takes the largest of each block of 2 x
    /// 2: [channels][rows / 2][columns / 2].
    static func pool(_ sums: Matrix, _ shape: MapShape, into pooled: Vector)

    /// The derivative of ``pool(_:_:into:)``: turns `sums` into the gradient with respect to them.
    static func poolBackward(_ sums: Matrix, _ shape: MapShape, pooledGradient: Vector)

    /// Cross entropy of the softmax of one row of logits against `label`.
    ///
    /// The target gives the label 1 - smoothing and spreads the rest evenly over all classes, the
    /// label included (Szegedy et al. 2016). Replaces the logits by the gradient of the loss,
    /// softmax - target. Returns the loss (nats) and whether the largest logit (the first of
    /// equals) is the label's.
    static func softmaxCrossEntropy(
        _ logits: Vector, label: Int, smoothing: Double
    ) -> ExampleLoss

    /// target[i] = bytes[i] / 255, an image's pixels scaled to [0, 1].
    static func widen(_ bytes: RawSpan, into target: Vector)

    /// Prefetches bytes that will be read soon.
    static func prefetch(_ bytes: RawSpan)

    // Reduction and optimizers

    /// The smallest range of columns outside which all `rows` hold only positive zeros.
    ///
    /// - Returns: an empty range if there is nothing but positive zeros.
    static func occupiedColumns(of values: Matrix, rows: Int, columns: Int) -> Range<Int>

    /// Sets every value to `value`.
    static func fill(_ values: Vector, with value: Float)

    /// target = source.
    static func copy(_ source: Vector, into target: Vector)

    /// values *= factors, element by element.
    static func multiply(_ values: Vector, by factors: Vector)

    /// target += source.
    static func add(_ source: Vector, into target: Vector)

    /// target += factor * source, rounded once.
    static func add(_ source: Vector, times factor: Float, into target: Vector)

    /// target += source, where the source is a little-endian float32 payload of the same size.
    static func add(payload source: RawSpan, into target: Vector)

    /// values /= divisor.
    static func divide(_ values: Vector, by divisor: Float)

    /// values *= factor.
    static func scale(_ values: Vector, by factor: Float)

    /// The sum of the squares in double precision, in a fixed order.
    static func sumOfSquares(_ values: Vector) -> Double

    /// Whether every value of a float32 payload is finite.
    static func isFinite(payload: RawSpan) -> Bool

    /// One Adam update (Kingma and Ba 2015) of all parameters.
    static func adam(
        parameters: Vector, gradients: Vector, firstMoments: Vector, secondMoments: Vector,
        _ coefficients: AdamCoefficients)

    /// RMSprop's direction (Tieleman and Hinton 2012), which replaces the gradients.
    ///
    /// secondMoments = keep * secondMoments + decay * gradients²;
    /// gradients /= √secondMoments + epsilon.
    static func rmsprop(
        gradients: Vector, secondMoments: Vector, keep: Float, decay: Float, epsilon: Float)

    // Measuring

    /// Makes fused multiply-adds on registers alone, in enough chains to hide their latency: one
    /// core's peak rate.
    ///
    /// - Returns: the number of multiplications and additions, and a value that depends on each.
    static func multiplyAddRegisters(rounds: Int) -> (operations: Int, value: Float)
}

/// The extent of an image's feature maps.
public struct MapShape: Sendable {
    /// The number of maps.
    public var channels: Int
    /// The pixel rows of a map.
    public var rows: Int
    /// The pixel columns of a map.
    public var columns: Int

    /// The extent of `channels` maps of `rows` x `columns`.
    public init(channels: Int, rows: Int, columns: Int) {
        self.channels = channels
        self.rows = rows
        self.columns = columns
    }

    /// The values of all maps.
    public var count: Int { channels * rows * columns }
}

/// The loss of one example.
public struct ExampleLoss: Sendable {
    /// The cross entropy, in nats.
    public var loss: Float
    /// The most likely class.
    public var predicted: Int
    /// Whether the most likely class is the label.
    public var isCorrect: Bool

    /// Makes the loss of one example of the class `label`.
    public init(loss: Float, predicted: Int, label: Int) {
        self.loss = loss
        self.predicted = predicted
        isCorrect = predicted == label
    }
}

/// Adam's coefficients for one step, bias corrections included.
public struct AdamCoefficients: Sendable {
    /// 1 - beta1: the weight of the new gradient in the first moment.
    public var firstDecay: Float
    /// beta2: the weight of the old second moment.
    public var secondKeep: Float
    /// 1 - beta2: the weight of the new squared gradient.
    public var secondDecay: Float
    /// The learning rate over the first moment's bias correction, 1 - beta1^t.
    public var stepSize: Float
    /// The square root of the second moment's bias correction, 1 - beta2^t.
    public var rootOfSecondCorrection: Float
    /// Keeps the quotient finite; added outside the root.
    public var epsilon: Float

    /// Makes the coefficients of one step.
    public init(
        firstDecay: Float, secondKeep: Float, secondDecay: Float, stepSize: Float,
        rootOfSecondCorrection: Float, epsilon: Float
    ) {
        self.firstDecay = firstDecay
        self.secondKeep = secondKeep
        self.secondDecay = secondDecay
        self.stepSize = stepSize
        self.rootOfSecondCorrection = rootOfSecondCorrection
        self.epsilon = epsilon
    }
}
