(** * The lowest eigenvalue of a symmetric matrix, from bounds of its form

    If <x, A x> >= c |x|^2 on a hyperplane and <w, A w> < c |w|^2 for one vector w, A has exactly one eigenvalue below c.
    Its eigenvector is the limit of the almost minimizers of the form, scaled to lie in an affine hyperplane, where a gap keeps them
    together. No spectral theorem, determinant or choice is needed. *)
From Coq Require Import Reals Lra Lia Psatz Classical.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors.
Open Scope R_scope.

Definition form (n : nat) (A : matrix) (x : vector) : R := dot n x (apply n A x).

Lemma form_combination n A a x b y : symmetric n A ->
  form n A (combination a x b y) = a * a * form n A x + 2 * a * b * dot n y (apply n A x) + b * b * form n A y.
Proof.
  intros HA. unfold form.
  rewrite (dot_same n _ _ (apply n A (combination a x b y)) (combination a (apply n A x) b (apply n A y)) (fun i _ => eq_refl)).
  2:{ intros i _. apply apply_combination. }
  expand_dots. rewrite <- (symmetric_form n A HA x y), (dot_commutes n (apply n A x) y). ring.
Qed.

Lemma form_same n A x y : same n x y -> form n A x = form n A y.
Proof. intros H. apply dot_same; [exact H|]. intros i _. apply apply_same, H. Qed.

Lemma form_of_zero n A x : dot n x x = 0 -> form n A x = 0.
Proof. intros H. apply dot_zero_l. exact (dot_self_zero n x H). Qed.

Section Lowest.
Variables (n : nat) (A : matrix) (l w : vector) (c m : R).
Hypothesis A_symmetric : symmetric n A.
Hypothesis above : forall x, dot n l x = 0 -> c * dot n x x <= form n A x.
Hypothesis witness : form n A w < c * dot n w w.
Hypothesis bounded : forall x, m * dot n x x <= form n A x.

Lemma witness_positive : 0 < dot n w w.
Proof.
  assert (H := dot_self_nonneg n w). destruct H as [H|H]; [exact H|exfalso].
  assert (Z := form_of_zero n A w (eq_sym H)). rewrite <- H in witness. lra.
Qed.

(** The infimum of the Rayleigh quotient. *)
Lemma infimum : exists lambda,
  m <= lambda /\ lambda < c /\ lambda * dot n w w <= form n A w /\ (forall x, lambda * dot n x x <= form n A x) /\
  forall eps, 0 < eps -> exists x, form n A x < (lambda + eps) * dot n x x.
Proof.
  assert (W := witness_positive).
  set (is_bound := fun t => forall x, t * dot n x x <= form n A x).
  assert (Below : forall t x, is_bound t -> 0 < dot n x x -> t <= form n A x / dot n x x).
  { intros t x Ht Hx. apply Rle_div_r; [exact Hx|apply Ht]. }
  destruct (completeness is_bound) as [lambda [Upper Least]].
  - exists (form n A w / dot n w w). intros t Ht. apply Below; auto.
  - exists m. exact bounded.
  - assert (Bound : is_bound lambda).
    { intros x. assert (Hx := dot_self_nonneg n x). destruct Hx as [Hx|Hx].
      - apply Rle_div_r; [exact Hx|]. apply Least. intros t Ht. apply Below; auto.
      - rewrite (form_of_zero n A x (eq_sym Hx)), <- Hx. lra. }
    exists lambda. split; [apply Upper; exact bounded|].
    assert (Lw := Bound w).
    split; [|split; [exact Lw|split; [exact Bound|]]].
    + apply Rmult_lt_reg_r with (dot n w w); [exact W|lra].
    + intros eps Heps. apply NNPP. intros None.
      assert (lambda + eps <= lambda); [|lra]. apply Upper. intros x.
      destruct (Rle_lt_dec ((lambda + eps) * dot n x x) (form n A x)) as [|H]; [assumption|].
      exfalso. apply None. exists x. exact H.
Qed.

Section Infimum.
Variable lambda : R.
Hypothesis lambda_below : lambda < c.
Hypothesis lambda_bound : forall x, lambda * dot n x x <= form n A x.
Hypothesis lambda_infimum : forall eps, 0 < eps -> exists x, form n A x < (lambda + eps) * dot n x x.

Let excess (x : vector) := form n A x - lambda * dot n x x.
Let gap := c - lambda.

Lemma excess_nonneg x : 0 <= excess x.
Proof. unfold excess. assert (H := lambda_bound x). lra. Qed.

Lemma excess_combination a x b y :
  excess (combination a x b y)
  = a * a * excess x + 2 * a * b * (dot n y (apply n A x) - lambda * dot n x y) + b * b * excess y.
Proof.
  unfold excess. rewrite form_combination by exact A_symmetric. expand_dots. rewrite (dot_commutes n y x). ring.
Qed.

(** Almost minimizers, scaled so that <l, x> = 1. *)
Definition almost (eps : R) (x : vector) : Prop := dot n l x = 1 /\ excess x <= eps * dot n x x.

Lemma almost_exists eps : 0 < eps -> exists x, almost eps x.
Proof.
  intros Heps. assert (Hg : 0 < gap) by (unfold gap; lra).
  destruct (lambda_infimum (Rmin eps gap)) as [x Hx]; [apply Rmin_pos; lra|].
  assert (He := Rmin_l eps gap). assert (Hc := Rmin_r eps gap).
  assert (Hxx := dot_self_nonneg n x).
  assert (Hl : dot n l x <> 0).
  { intros Z. assert (H := above x Z). unfold gap in *.
    assert (Rmin eps (c - lambda) * dot n x x <= (c - lambda) * dot n x x) by (apply Rmult_le_compat_r; lra). lra. }
  exists (combination (/ dot n l x) x 0 x). split.
  - expand_dots. field. exact Hl.
  - rewrite excess_combination. expand_dots.
    set (a := / dot n l x). assert (0 <= a * a) by apply Rle_0_sqr.
    assert (excess x <= eps * dot n x x).
    { unfold excess. assert (Rmin eps gap * dot n x x <= eps * dot n x x) by (apply Rmult_le_compat_r; lra). lra. }
    assert (a * a * excess x <= a * a * (eps * dot n x x)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

(** Two of them differ by a vector of the hyperplane, where the form has a gap. *)
Lemma almost_close eps x y : almost eps x -> almost eps y ->
  gap * dot n (difference x y) (difference x y) <= 2 * eps * (dot n x x + dot n y y).
Proof.
  intros [Lx Ex] [Ly Ey].
  assert (H : c * dot n (difference x y) (difference x y) <= form n A (difference x y)).
  { apply above. rewrite dot_difference_r. lra. }
  assert (E : excess (difference x y) = excess (combination 1 x (-1) y)).
  { assert (S : same n (difference x y) (combination 1 x (-1) y)) by entrywise.
    unfold excess. rewrite (form_same n A _ _ S), (dot_same n _ _ _ _ S S). reflexivity. }
  assert (P := excess_nonneg (combination 1 x 1 y)).
  rewrite excess_combination in E, P. unfold excess at 1 in E. unfold gap. lra.
Qed.

Lemma almost_weaker eps eps' x : eps <= eps' -> almost eps x -> almost eps' x.
Proof.
  intros H [L E]. split; [exact L|]. assert (Hx := dot_self_nonneg n x).
  assert (eps * dot n x x <= eps' * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma almost_bounded : exists M, 0 < M /\ forall x, almost (gap / 16) x -> dot n x x <= M.
Proof.
  assert (Hg : 0 < gap) by (unfold gap; lra).
  destruct (almost_exists (gap / 16)) as [x0 H0]; [lra|].
  exists (3 * dot n x0 x0 + 1). assert (P0 := dot_self_nonneg n x0). split; [lra|].
  intros x Hx. assert (D := almost_close _ x x0 Hx H0).
  assert (D' : dot n (difference x x0) (difference x x0) <= (dot n x x + dot n x0 x0) / 8).
  { apply Rmult_le_reg_l with gap; [exact Hg|]. lra. }
  (* |x|^2 <= 2 |x - x0|^2 + 2 |x0|^2 *)
  assert (Q := dot_self_nonneg n (combination 1 x (-2) x0)).
  revert D' Q. expand_dots. rewrite (dot_commutes n x0 x). lra.
Qed.

Lemma almost_nearby d : 0 < d -> exists eps, 0 < eps /\ forall x y, almost eps x -> almost eps y ->
  dot n (difference x y) (difference x y) <= d /\ excess x <= d.
Proof.
  intros Hd. assert (Hg : 0 < gap) by (unfold gap; lra).
  destruct almost_bounded as (M & HM & Bound).
  assert (H1 : 0 < d * gap / (4 * M)) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra|lra]).
  assert (H2 : 0 < d / M) by (apply Rdiv_lt_0_compat; lra).
  set (eps := Rmin (gap / 16) (Rmin (d * gap / (4 * M)) (d / M))).
  assert (E1 : eps <= gap / 16) by apply Rmin_l.
  assert (E2 : eps <= d * gap / (4 * M)) by (eapply Rle_trans; [apply Rmin_r|apply Rmin_l]).
  assert (E3 : eps <= d / M) by (eapply Rle_trans; [apply Rmin_r|apply Rmin_r]).
  assert (E0 : 0 < eps) by (apply Rmin_pos; [lra|apply Rmin_pos; assumption]).
  exists eps. split; [exact E0|]. intros x y Hx Hy.
  assert (Bx := Bound x (almost_weaker _ _ _ E1 Hx)). assert (By := Bound y (almost_weaker _ _ _ E1 Hy)).
  split.
  - apply Rmult_le_reg_l with gap; [exact Hg|].
    eapply Rle_trans; [apply (almost_close eps); assumption|].
    apply Rle_trans with (2 * eps * (M + M)); [apply Rmult_le_compat_l; lra|].
    apply Rle_div_r in E2; lra.
  - destruct Hx as [_ Ex]. eapply Rle_trans; [exact Ex|].
    apply Rle_trans with (eps * M); [apply Rmult_le_compat_l; lra|]. apply Rle_div_r in E3; lra.
Qed.

(** The filter of almost minimizers. *)
Definition minimizing (P : vector -> Prop) : Prop := exists eps, 0 < eps /\ forall x, almost eps x -> P x.

Instance minimizing_proper : ProperFilter minimizing.
Proof.
  split.
  - intros P (eps & Heps & H). destruct (almost_exists eps Heps) as [x Hx]. exists x. auto.
  - split.
    + exists 1. split; [lra|auto].
    + intros P Q (e1 & H1 & HP) (e2 & H2 & HQ). exists (Rmin e1 e2). split; [apply Rmin_pos; assumption|].
      intros x Hx. split; [apply HP|apply HQ]; apply (almost_weaker (Rmin e1 e2)); auto; [apply Rmin_l|apply Rmin_r].
    + intros P Q HPQ (eps & Heps & HP). exists eps. auto.
Qed.

Lemma entry_converges i : (i < n)%nat -> exists y : R, filterlim (fun x : vector => x i) minimizing (locally y).
Proof.
  intros Hi. apply (filterlim_locally_cauchy (U := R_CompleteSpace) (fun x : vector => x i)).
  intros eps. assert (Heps := cond_pos eps).
  destruct (almost_nearby ((eps / 2) ^ 2)) as (e & He & Near); [apply pow_lt; lra|].
  exists (almost e). split; [exists e; auto|].
  intros x y Hx Hy. destruct (Near y x Hy Hx) as [D _].
  assert (E := entry_squared n (difference y x) i Hi).
  change (Rabs (y i - x i) < eps). apply Rle_lt_trans with (eps / 2); [|lra].
  apply Rsqr_incr_0_var; [|lra]. rewrite <- Rsqr_abs. unfold Rsqr, difference in *. simpl in D. lra.
Qed.

Lemma limit_exists : exists v : vector, forall i, (i < n)%nat -> filterlim (fun x : vector => x i) minimizing (locally (v i)).
Proof.
  assert (H : forall k, (k <= n)%nat ->
    exists v : vector, forall i, (i < k)%nat -> filterlim (fun x : vector => x i) minimizing (locally (v i))).
  { induction k as [|k IH]; intros Hk.
    - exists zero. intros i Hi. lia.
    - destruct IH as [v Hv]; [lia|]. destruct (entry_converges k) as [y Hy]; [lia|].
      exists (fun i => if Nat.eqb i k then y else v i). intros i Hi. destruct (Nat.eqb i k) eqn:E.
      + apply Nat.eqb_eq in E. subst i. exact Hy.
      + apply Nat.eqb_neq in E. apply Hv. lia. }
  apply (H n). lia.
Qed.

Lemma dot_filterlim (f h : vector -> vector) (a b : vector) k :
  (forall i, (i < k)%nat -> filterlim (fun x => f x i) minimizing (locally (a i))) ->
  (forall i, (i < k)%nat -> filterlim (fun x => h x i) minimizing (locally (b i))) ->
  filterlim (fun x => dot k (f x) (h x)) minimizing (locally (dot k a b)).
Proof.
  induction k as [|k IH]; intros Hf Hh; simpl.
  - apply filterlim_const.
  - eapply filterlim_comp_2; [apply IH; auto| |apply (filterlim_plus (V := R_NormedModule))].
    eapply filterlim_comp_2; [apply Hf; lia|apply Hh; lia|apply (filterlim_mult (K := R_AbsRing))].
Qed.

Section Limit.
Variable v : vector.
Hypothesis v_limit : forall i, (i < n)%nat -> filterlim (fun x : vector => x i) minimizing (locally (v i)).

Lemma limit_in_hyperplane : dot n l v = 1.
Proof.
  apply (filterlim_locally_unique (V := R_NormedModule) (F := minimizing) (fun x => dot n l x)).
  - apply (dot_filterlim (fun _ => l) (fun x => x)); auto. intros; apply filterlim_const.
  - apply filterlim_ext_loc with (fun _ => 1); [|apply filterlim_const].
    exists 1. split; [lra|]. intros x [H _]. auto.
Qed.

Lemma limit_excess : excess v = 0.
Proof.
  assert (E : forall x, excess x = dot n x (combination 1 (apply n A x) (- lambda) x))
    by (intros x; unfold excess, form; expand_dots; ring).
  apply (filterlim_locally_unique (V := R_NormedModule) (F := minimizing) excess).
  - apply filterlim_ext with (fun x => dot n x (combination 1 (apply n A x) (- lambda) x)); [intros; symmetry; apply E|].
    rewrite E. apply (dot_filterlim (fun x => x) (fun x => combination 1 (apply n A x) (- lambda) x)); auto.
    intros i Hi. unfold combination.
    eapply filterlim_comp_2; [| |apply (filterlim_plus (V := R_NormedModule))].
    + eapply filterlim_comp_2; [apply filterlim_const| |apply (filterlim_mult (K := R_AbsRing))].
      apply (dot_filterlim (fun _ => A i) (fun x => x)); auto. intros; apply filterlim_const.
    + eapply filterlim_comp_2; [apply filterlim_const|apply v_limit, Hi|apply (filterlim_mult (K := R_AbsRing))].
  - apply filterlim_locally. intros eps. assert (Heps := cond_pos eps).
    destruct (almost_nearby (eps / 2)) as (e & He & Near); [lra|].
    exists e. split; [exact He|]. intros x Hx. destruct (Near x x Hx Hx) as [_ H].
    assert (P := excess_nonneg x).
    change (Rabs (excess x - 0) < eps). rewrite Rminus_0_r, Rabs_pos_eq by exact P. lra.
Qed.

(** A zero of a non-negative form is a zero of its matrix. *)
Lemma limit_eigenvector : same n (apply n A v) (scale lambda v).
Proof.
  set (e := combination 1 (apply n A v) (- lambda) v).
  assert (Z : dot n e e = 0).
  { assert (H : forall t, 0 <= 2 * t * dot n e e + t * t * excess e).
    { intros t. assert (P := excess_nonneg (combination 1 v t e)). rewrite excess_combination, limit_excess in P.
      assert (D : dot n e (apply n A v) - lambda * dot n v e = dot n e e).
      { transitivity (dot n e (combination 1 (apply n A v) (- lambda) v)); [|reflexivity].
        rewrite dot_combination_r, (dot_commutes n v e). ring. }
      rewrite D in P. lra. }
    assert (Q := excess_nonneg e). assert (E := dot_self_nonneg n e).
    destruct E as [E|E]; [|symmetry; exact E]. exfalso.
    specialize (H (- (dot n e e / (excess e + 1)))).
    replace (2 * - (dot n e e / (excess e + 1)) * dot n e e
             + - (dot n e e / (excess e + 1)) * - (dot n e e / (excess e + 1)) * excess e)
      with (- (dot n e e * dot n e e * (excess e + 2) / ((excess e + 1) * (excess e + 1)))) in H by (field; lra).
    assert (0 < dot n e e * dot n e e * (excess e + 2) / ((excess e + 1) * (excess e + 1)))
      by (apply Rdiv_lt_0_compat; repeat apply Rmult_lt_0_compat; lra).
    lra. }
  intros i Hi. assert (H := dot_self_zero n e Z i Hi). unfold e, combination, zero in H. unfold scale. lra.
Qed.

Lemma limit_positive : 0 < dot n v v.
Proof.
  assert (H := dot_self_nonneg n v). destruct H as [H|H]; [exact H|exfalso].
  assert (L := limit_in_hyperplane). rewrite dot_commutes, dot_zero_l in L; [lra|].
  exact (dot_self_zero n v (eq_sym H)).
Qed.

Lemma orthogonal_form x : dot n v x = 0 -> c * dot n x x <= form n A x.
Proof.
  intros Hx. set (a := dot n l x).
  assert (H : c * dot n (combination 1 x (- a) v) (combination 1 x (- a) v) <= form n A (combination 1 x (- a) v)).
  { apply above. rewrite dot_combination_r, limit_in_hyperplane. unfold a. ring. }
  rewrite form_combination in H by exact A_symmetric.
  assert (Across : dot n v (apply n A x) = 0).
  { rewrite <- (symmetric_form n A A_symmetric), (dot_same n _ _ x x limit_eigenvector (fun i _ => eq_refl)).
    rewrite dot_scale_l, Hx. ring. }
  rewrite Across in H. revert H. expand_dots. rewrite (dot_commutes n x v), Hx. intros H.
  assert (E := limit_excess). unfold excess in E.
  assert (V := limit_positive). assert (0 <= a * a) by apply Rle_0_sqr.
  assert (0 <= a * a * (gap * dot n v v)).
  { apply Rmult_le_pos; [assumption|]. apply Rmult_le_pos; [unfold gap; lra|lra]. }
  unfold gap in *. replace (form n A v) with (lambda * dot n v v) in H by lra. lra.
Qed.
End Limit.
End Infimum.

Theorem lowest_eigenvalue : exists v lambda,
  dot n v v = 1 /\ same n (apply n A v) (scale lambda v) /\
  m <= lambda /\ lambda * dot n w w <= form n A w /\ lambda < c /\
  (forall x, dot n v x = 0 -> c * dot n x x <= form n A x).
Proof.
  destruct infimum as (lambda & Hm & Hc & Hw & Hbound & Hinf).
  destruct (limit_exists lambda Hc Hbound Hinf) as [v Hv].
  assert (V : 0 < dot n v v) by (eapply limit_positive; eauto).
  assert (E : same n (apply n A v) (scale lambda v)) by (eapply limit_eigenvector; eauto).
  set (a := / norm n v).
  assert (Norm : 0 < norm n v) by (apply sqrt_lt_R0; exact V).
  exists (scale a v), lambda. split; [|split; [|split; [exact Hm|split; [exact Hw|split; [exact Hc|]]]]].
  - rewrite dot_scale_l, dot_scale_r, <- norm_squared. unfold a. field. lra.
  - intros i Hi. rewrite apply_scale, (E i Hi). unfold scale. ring.
  - intros x Hx. apply (orthogonal_form lambda Hc Hbound Hinf v Hv x). rewrite dot_scale_l in Hx.
    assert (0 < a) by (apply Rinv_0_lt_compat; exact Norm). nra.
Qed.
End Lowest.

(** A bound of the form is a bound of the norm, on any space that A leaves invariant. *)
Lemma form_bounds_norm n A (V : vector -> Prop) b :
  symmetric n A -> 0 <= b ->
  (forall x, V x -> V (apply n A x)) -> (forall a x c y, V x -> V y -> V (combination a x c y)) ->
  (forall x, V x -> - b * dot n x x <= form n A x <= b * dot n x x) ->
  forall x, V x -> norm n (apply n A x) <= b * norm n x.
Proof.
  intros HA Hb Invariant Linear Bound x Hx.
  (* first for every b' > b, which is positive *)
  assert (Main : forall b', b < b' -> norm n (apply n A x) <= b' * norm n x).
  { intros b' Hb'. set (y := apply n A x).
    assert (P : form n A (combination b' x 1 y) <= b' * dot n (combination b' x 1 y) (combination b' x 1 y)).
    { eapply Rle_trans; [apply Bound, Linear; auto; apply Invariant, Hx|].
      apply Rmult_le_compat_r; [apply dot_self_nonneg|lra]. }
    assert (M : - b' * dot n (combination b' x (-1) y) (combination b' x (-1) y) <= form n A (combination b' x (-1) y)).
    { eapply Rle_trans; [|apply Bound, Linear; auto; apply Invariant, Hx].
      apply Rmult_le_compat_r; [apply dot_self_nonneg|lra]. }
    rewrite form_combination in P, M by exact HA. fold y in P, M.
    revert P M. expand_dots. rewrite (dot_commutes n y x).
    set (X := dot n x x). set (Y := dot n y y). set (Z := dot n x y). intros P M.
    apply norm_at_most; [apply Rmult_le_pos; [lra|apply norm_nonneg]|].
    replace (b' * norm n x * (b' * norm n x)) with (b' * b' * (norm n x * norm n x)) by ring.
    rewrite norm_squared. fold X. fold Y.
    apply Rmult_le_reg_l with b'; lra. }
  apply le_epsilon. intros eps Heps.
  assert (N := norm_nonneg n x).
  assert (H := Main (b + eps / (norm n x + 1))).
  assert (0 < eps / (norm n x + 1)) by (apply Rdiv_lt_0_compat; lra).
  assert (eps / (norm n x + 1) * norm n x <= eps).
  { unfold Rdiv. rewrite Rmult_assoc. rewrite <- (Rmult_1_r eps) at 2. apply Rmult_le_compat_l; [lra|].
    apply Rmult_le_reg_l with (norm n x + 1); [lra|]. rewrite <- Rmult_assoc, Rinv_r by lra. lra. }
  lra.
Qed.

(** The highest eigenvalue: the lowest of -A. *)
Definition negative (A : matrix) : matrix := fun i => scale (-1) (A i).

Lemma apply_negative n A x : same n (apply n (negative A) x) (scale (-1) (apply n A x)).
Proof. intros i _. unfold apply, negative. apply dot_scale_l. Qed.

Lemma form_negative n A x : form n (negative A) x = - form n A x.
Proof.
  unfold form. rewrite (dot_same n x x _ _ (fun i _ => eq_refl) (apply_negative n A x)), dot_scale_r. ring.
Qed.

Lemma symmetric_negative n A : symmetric n A -> symmetric n (negative A).
Proof. intros H i j Hi Hj. unfold negative, scale. rewrite H; auto. Qed.

Theorem highest_eigenvalue n A l w c m :
  symmetric n A ->
  (forall x, dot n l x = 0 -> form n A x <= c * dot n x x) ->
  c * dot n w w < form n A w -> (forall x, form n A x <= m * dot n x x) ->
  exists v lambda,
    dot n v v = 1 /\ same n (apply n A v) (scale lambda v) /\
    lambda <= m /\ form n A w <= lambda * dot n w w /\ c < lambda /\
    (forall x, dot n v x = 0 -> form n A x <= c * dot n x x).
Proof.
  intros HA Below Witness Bounded.
  destruct (lowest_eigenvalue n (negative A) l w (- c) (- m)) as (v & lambda & Unit & Eigen & Hm & Hw & Hc & Perp).
  - apply symmetric_negative, HA.
  - intros x Hx. rewrite form_negative. assert (H := Below x Hx). lra.
  - rewrite form_negative. lra.
  - intros x. rewrite form_negative. assert (H := Bounded x). lra.
  - rewrite form_negative in Hw. exists v, (- lambda). repeat split; try lra; auto.
    + intros i Hi. assert (E := Eigen i Hi). rewrite (apply_negative n A v i Hi) in E. unfold scale in *. lra.
    + intros x Hx. assert (H := Perp x Hx). rewrite form_negative in H. lra.
Qed.
